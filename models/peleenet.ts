/**
 * PeleeNet (Wang, Li and Ling 2018, "Pelee: A Real-Time Object Detection System on Mobile Devices", arXiv 1804.06882, section 2) and its baseline DenseNet-41.
 * Upstream: Robert-JunWang/PeleeNet, peleenet.py. Input RGB, 224x224, normalised by ImageNet's mean and deviation.
 *
 * @module
 */

import { denseNet } from "./densenet.ts";
import type { NetworkBuilder, Value } from "./layers.ts";
import { download, IMAGENET, type NetworkTable } from "./network.ts";

/** What a member of the family varies. */
export interface PeleeNetConfig {
  /** Channels that a dense layer adds. */
  readonly growth: number;
  /** Dense layers of each stage. */
  readonly blocks: readonly number[];
  /** Width of the bottlenecks of each stage, in halves of the growth. */
  readonly bottlenecks: readonly number[];
  /** Channels of the first convolution. */
  readonly stem: number;
}

const PELEENET: PeleeNetConfig = { growth: 32, blocks: [3, 4, 8, 6], bottlenecks: [1, 2, 4, 4], stem: 32 };

/** A convolution and what follows it. */
export type PeleeUnit = (
  net: NetworkBuilder,
  x: Value,
  key: string,
  outputs: number,
  kernel?: number,
  stride?: number,
  padding?: number,
) => Value;

/** What tells the definitions of the feature extractor apart: names, and how they round. */
export interface PeleeForm {
  /** Convolution, normalisation, ReLU. */
  readonly unit: PeleeUnit;
  /** Name of a part of the stem block. */
  readonly stem: (part: string) => string;
  /** Name of a branch of a dense layer; stages and layers count from 1. */
  readonly layer: (stage: number, layer: number, branch: string) => string;
  /** Name of a stage's transition. */
  readonly transition: (stage: number) => string;
  /** Whether pooling rounds extents up. */
  readonly ceil: boolean;
  /** Which convolution of the second way is concatenated. */
  readonly joined: "branch2b" | "branch2c";
}

/** Convolution, normalisation, ReLU: upstream's BasicConv2d. */
export function basicConv(
  net: NetworkBuilder,
  x: Value,
  key: string,
  outputs: number,
  kernel = 1,
  stride = 1,
  padding?: number,
): Value {
  const y = net.conv(x, `${key}.conv`, outputs, { kernel, stride, padding });
  return net.activate(net.batchNorm(y, `${key}.norm`), "relu");
}

/** The classifier's own form. */
export const PELEE_FORM: PeleeForm = {
  unit: basicConv,
  stem: (part) => `features.stemblock.${part}`,
  layer: (stage, layer, branch) => `features.denseblock${stage}.denselayer${layer}.${branch}`,
  transition: (stage) => `features.transition${stage}`,
  ceil: false,
  joined: "branch2c",
};

/** The stem block (figure 4): two ways down by 2, joined: stride 4 in all. */
function stemBlock(net: NetworkBuilder, x: Value, { unit, stem, ceil }: PeleeForm, channels: number): Value {
  const first = unit(net, x, stem("stem1"), channels, 3, 2);
  const narrow = unit(net, first, stem("stem2a"), channels >> 1);
  const left = unit(net, narrow, stem("stem2b"), channels, 3, 2);
  const right = net.maxPool(first, stem("pool"), { kernel: 2, stride: 2, ceil });
  return unit(net, net.concat([right, left], stem("cat")), stem("stem3"), channels);
}

/** Channels of a bottleneck: dynamic, at most half of what comes in (section 2.1). */
function bottleneckWidth(growth: number, width: number, channels: number): number {
  const wanted = Math.trunc((growth >> 1) * width / 4) * 4;
  return wanted > channels / 2 ? Math.trunc(channels / 8) * 4 : wanted;
}

/** The two-way dense layer (figure 3): receptive fields of 3 and of 5. */
function twoWayDenseLayer(
  net: NetworkBuilder,
  x: Value,
  { unit, joined }: PeleeForm,
  key: (branch: string) => string,
  growth: number,
  width: number,
): Value {
  const half = growth >> 1, inter = bottleneckWidth(growth, width, x.shape[3]);
  const left = unit(net, unit(net, x, key("branch1a"), inter), key("branch1b"), half, 3);
  const branch2b = unit(net, unit(net, x, key("branch2a"), inter), key("branch2b"), half, 3);
  const right = { branch2b, branch2c: unit(net, branch2b, key("branch2c"), half, 3) };
  return net.concat([x, left, right[joined]], key("cat"));
}

/** The feature extractor: what comes out of each transition, before its pooling, at strides 4, 8, 16 and 32. */
export function peleeFeatures(
  net: NetworkBuilder,
  input: Value,
  form: PeleeForm = PELEE_FORM,
  { growth, blocks, bottlenecks, stem }: PeleeNetConfig = PELEENET,
): Value[] {
  const stages: Value[] = [];
  let x = stemBlock(net, input, form, stem);
  blocks.forEach((layers, i) => {
    if (i > 0) {
      const name = `${form.transition(i)}_pool`;
      x = net.avgPool(x, name, { kernel: 2, stride: 2, ceil: form.ceil, countPadding: false });
    }
    for (let layer = 1; layer <= layers; layer++) {
      const key = (branch: string) => form.layer(i + 1, layer, branch);
      x = twoWayDenseLayer(net, x, form, key, growth, bottlenecks[i]);
    }
    x = form.unit(net, x, form.transition(i + 1), x.shape[3]);
    stages.push(x);
  });
  return stages;
}

/** The members of the family. */
export const peleenets: NetworkTable = {
  peleenet: {
    task: "classify",
    paper: "arXiv 1804.06882",
    upstream: "https://github.com/Robert-JunWang/PeleeNet",
    licence: "Apache-2.0",
    inputSize: [224, 224],
    classes: 1000,
    crop: 0.875,
    preprocessing: IMAGENET,
    accuracy: { metric: "ImageNet top-1", value: 72.1, source: "Robert-JunWang/PeleeNet, README" },
    weights: download(
      "https://github.com/Robert-JunWang/PeleeNet/raw/master/weights/peleenet_acc7208.pth.tar",
    ),
    build(net, input, { classes }) {
      const stages = peleeFeatures(net, input);
      return [net.linear(net.globalPool(stages[3]), "classifier", classes)];
    },
  },
  "densenet-41": {
    task: "classify",
    paper: "arXiv 1804.06882, section 2.1: the DenseNet that PeleeNet starts from",
    upstream: "https://github.com/liuzhuang13/DenseNet",
    licence: "BSD-3-Clause",
    inputSize: [224, 224],
    classes: 1000,
    crop: 0.875,
    preprocessing: IMAGENET,
    build(net, input, { classes }) {
      return [denseNet(net, input, classes, { growth: 32, blocks: [3, 4, 8, 6], stem: 64 })];
    },
  },
};
