/**
 * MobileNetV1 (Howard et al. 2017, "MobileNets", arXiv 1704.04861, table 1) with timm's names (mobilenetv1_100). Input RGB, 224x224, to [-1, 1].
 *
 * @module
 */

import { namedPadding } from "../src/geometry.ts";
import type { NetworkBuilder, Value } from "./layers.ts";
import { INCEPTION, type Network, type NetworkTable, timmFile, UNIT } from "./network.ts";

/** Blocks of each stage, outputs at width 1, stride of the first block. */
export const MOBILENET_V1_STAGES = [[1, 64, 1], [2, 128, 2], [2, 256, 2], [6, 512, 2], [2, 1024, 2]] as const;

/** Channels at a width: a multiple of 8, never less than nine tenths of what was asked for. */
export function makeDivisible(channels: number): number {
  const rounded = Math.max(8, Math.floor((channels + 4) / 8) * 8);
  return rounded < 0.9 * channels ? rounded + 8 : rounded;
}

/** The feature extractor: the map behind each stage, at strides 2, 4, 8, 16 and 32. */
export function mobileNetV1Features(net: NetworkBuilder, input: Value, width: number): Value[] {
  const act = (x: Value, norm: string) => net.activate(net.batchNorm(x, norm), "relu6");
  let x = act(net.conv(input, "conv_stem", makeDivisible(32 * width), { kernel: 3, stride: 2 }), "bn1");
  return MOBILENET_V1_STAGES.map(([blocks, outputs, stride], stage) => {
    for (let block = 0; block < blocks; block++) {
      const key = `blocks.${stage}.${block}`, channels = x.shape[3];
      const filtered = net.conv(x, `${key}.conv_dw`, channels, {
        kernel: 3,
        stride: block === 0 ? stride : 1,
        groups: channels,
      });
      x = act(
        net.conv(act(filtered, `${key}.bn1`), `${key}.conv_pw`, makeDivisible(outputs * width)),
        `${key}.bn2`,
      );
    }
    return x;
  });
}

function member(published: number, top1?: number, checkpoint?: string): Network {
  return {
    task: "classify",
    paper: "arXiv 1704.04861",
    upstream: "https://github.com/huggingface/pytorch-image-models",
    licence: "Apache-2.0",
    inputSize: [224, 224],
    classes: 1000,
    preprocessing: INCEPTION,
    ...(top1 !== undefined &&
      { accuracy: { metric: "ImageNet top-1", value: top1, source: "timm, results/results-imagenet.csv" } }),
    ...(checkpoint && { weights: timmFile(checkpoint) }),
    crop: 0.875,
    variants: ["width"],
    build(net, input, { classes, width = published }) {
      return [net.linear(net.globalPool(mobileNetV1Features(net, input, width)[4]), "classifier", classes)];
    },
  };
}

/**
 * MobileNetV1 as Keras builds it: TensorFlow's `SAME` padding, ReLU, convolutions with biases, and its names, each layer numbered among those of its kind. Batch
 * normalisation is `LAYER.bn`.
 */
function kerasMobileNetV1(net: NetworkBuilder, input: Value, width: number): Value {
  const counts = { conv2d: 0, depthwise_conv2d: 0 };
  const layer = (x: Value, kind: keyof typeof counts, outputs: number, kernel: number, stride: number) => {
    const key = counts[kind] === 0 ? kind : `${kind}_${counts[kind]}`;
    counts[kind]++;
    const y = net.conv(x, key, outputs, {
      kernel,
      stride,
      padding: namedPadding("SAME", [x.shape[1], x.shape[2]], [kernel, kernel], [stride, stride], [1, 1]),
      groups: kind === "conv2d" ? 1 : outputs,
      bias: true,
    });
    return net.activate(net.batchNorm(y, `${key}.bn`, 1e-3), "relu");
  };
  let x = layer(input, "conv2d", makeDivisible(32 * width), 3, 2);
  for (const [blocks, outputs, stride] of MOBILENET_V1_STAGES) {
    for (let block = 0; block < blocks; block++) {
      x = layer(x, "depthwise_conv2d", x.shape[3], 3, block === 0 ? stride : 1);
      x = layer(x, "conv2d", makeDivisible(outputs * width), 1, 1);
    }
  }
  return net.globalPool(x);
}

/** The members of the family. */
export const mobilenetsV1: NetworkTable = {
  mobilenetv1: member(1, 75.4, "mobilenetv1_100.ra4_e3600_r224_in1k"),
  "mobilenetv1-125": member(1.25, 76.9, "mobilenetv1_125.ra4_e3600_r224_in1k"),
  "mobilenetv1-075": member(0.75),
  "mobilenetv1-050": member(0.5),
  "mobilenetv1-025": member(0.25),
  // "Visual wake words": whether there is a person.
  "mobilenetv1-025-vww": {
    task: "classify",
    paper: "arXiv 1704.04861; data set: arXiv 1906.05721",
    upstream: "https://github.com/mlcommons/tiny/tree/master/benchmark/training/visual_wake_words",
    licence: "Apache-2.0",
    inputSize: [96, 96],
    classes: 2,
    preprocessing: UNIT,
    labels: [{ name: "no person", categoryId: 0 }, { name: "person", categoryId: 1 }],
    build(net, input, { classes }) {
      return [net.linear(kerasMobileNetV1(net, input, 0.25), "dense", classes)];
    },
  },
};
