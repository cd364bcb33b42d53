/**
 * Cross stage partial networks (Wang et al. 2019, "CSPNet: A New Backbone that can Enhance Learning Capability of CNN", arXiv 1911.11929).
 *
 * CSPPeleeNet follows tomotana14/CSPPeleeNet.pytorch (peleenet.py) and has its names; CSPDenseNet applies the same stages to a DenseNet; CSPResNet-50, CSPResNeXt-50 and
 * CSPDarknet-53 follow timm (timm/models/cspnet.py) and have its names. Input RGB, normalised by ImageNet's mean and deviation.
 *
 * @module
 */

import type { Activation, ConvOptions, NetworkBuilder, Value } from "./layers.ts";
import { download, type Fusion, IMAGENET, type Network, type NetworkTable, timmFile } from "./network.ts";

/** What a partial dense network varies. */
export interface CspDenseConfig {
  /** Channels that a dense layer adds. */
  readonly growth: number;
  /** Dense layers of each stage. */
  readonly blocks: readonly number[];
  /** Width of the bottlenecks of each stage, in halves of the growth. */
  readonly bottlenecks: readonly number[];
  /** Channels of the stem. */
  readonly stem: number;
  /** Part of a stage's input that passes its dense layers by: gamma of the paper. */
  readonly gamma: number;
  /** Transitions of a stage. */
  readonly fusion: Fusion;
  /** Whether dense layers have two ways, as PeleeNet's, or one, as DenseNet's. */
  readonly twoWay: boolean;
}

const CSP_PELEE: CspDenseConfig = {
  growth: 32,
  blocks: [3, 4, 8, 6],
  bottlenecks: [1, 2, 4, 4],
  stem: 32,
  gamma: 0.5,
  fusion: "full",
  twoWay: true,
};

/** Convolution, normalisation, ReLU: members 0 and 1 of a sequence. */
function convNorm(
  net: NetworkBuilder,
  x: Value,
  key: string,
  outputs: number,
  kernel = 1,
  stride = 1,
): Value {
  return net.activate(
    net.batchNorm(net.conv(x, `${key}.0`, outputs, { kernel, stride }), `${key}.1`),
    "relu",
  );
}

/** PeleeNet's stem block under CSPPeleeNet's names. */
function stemBlock(net: NetworkBuilder, x: Value, channels: number): Value {
  const first = convNorm(net, x, "stem.conv1", channels, 3, 2);
  const left = convNorm(
    net,
    convNorm(net, first, "stem.conv2.0", channels >> 1),
    "stem.conv2.1",
    channels,
    3,
    2,
  );
  const right = net.maxPool(first, "stem.max_pool", { kernel: 2, stride: 2 });
  return convNorm(net, net.concat([right, left], "stem.cat"), "stem.conv3", channels);
}

/** A dense layer with two ways, or one. */
function denseLayer(
  net: NetworkBuilder,
  x: Value,
  key: string,
  growth: number,
  inter: number,
  twoWay: boolean,
): Value {
  const width = twoWay ? growth >> 1 : growth;
  const left = convNorm(net, convNorm(net, x, `${key}.left.0`, inter), `${key}.left.1`, width, 3);
  if (!twoWay) return net.concat([x, left], `${key}.cat`);
  const right = convNorm(net, convNorm(net, x, `${key}.right.0`, inter), `${key}.right.1`, width, 3);
  return net.concat([x, left, convNorm(net, right, `${key}.right.2`, width, 3)], `${key}.cat`);
}

/** A partial dense stage: only a part of the channels goes through the dense layers, the rest meets it at the end. */
function cspStage(net: NetworkBuilder, x: Value, index: number, config: CspDenseConfig): Value {
  const { growth, blocks, bottlenecks, gamma, fusion, twoWay } = config;
  const key = `stages.stage${index + 1}`, channels = x.shape[3];
  const part = Math.trunc(channels * (1 - gamma));
  const inter = Math.trunc((growth >> 1) * bottlenecks[index] / 4) * 4;
  const rest = net.channels(x, part, channels - part, `${key}.rest`);
  let dense = net.channels(x, 0, part, `${key}.part`);
  for (let layer = 1; layer <= blocks[index]; layer++) {
    dense = denseLayer(net, dense, `${key}.dense_branch.dense${layer}`, growth, inter, twoWay);
  }
  if (fusion !== "first") dense = convNorm(net, dense, `${key}.dense_branch.transition1.0`, dense.shape[3]);
  const joined = net.concat([rest, dense], `${key}.cat`);
  return fusion === "last" ? joined : convNorm(net, joined, `${key}.transition2.0`, joined.shape[3]);
}

/** The feature extractor: the maps at strides 4, 8, 16 and 32; CSPPeleeNet's where nothing else is said. */
export function cspPeleeFeatures(
  net: NetworkBuilder,
  input: Value,
  config: CspDenseConfig = CSP_PELEE,
): Value[] {
  const stages: Value[] = [];
  let x = stemBlock(net, input, config.stem);
  config.blocks.forEach((_, i) => {
    if (i > 0) x = net.avgPool(x, `stages.stage${i}.pool`, { kernel: 2, stride: 2 });
    x = cspStage(net, x, i, config);
    stages.push(x);
  });
  return stages;
}

function cspDense(config: Partial<CspDenseConfig>, more: Partial<Network> = {}): Network {
  return {
    task: "classify",
    paper: "arXiv 1911.11929",
    upstream: "https://github.com/tomotana14/CSPPeleeNet.pytorch",
    licence: "none stated",
    inputSize: [224, 224],
    classes: 1000,
    preprocessing: IMAGENET,
    variants: ["gamma", "fusion"],
    build(net, input, { classes, gamma, fusion }) {
      const chosen = { ...(gamma !== undefined && { gamma }), ...(fusion && { fusion }) };
      const stages = cspPeleeFeatures(net, input, { ...CSP_PELEE, ...config, ...chosen });
      return [net.linear(net.globalPool(stages[3]), "classifier", classes)];
    },
    ...more,
  };
}

/** What a partial residual network of timm's varies. */
export interface CspResidualConfig {
  /** The first convolution, and whether max pooling follows it. */
  readonly stem: {
    readonly channels: number;
    readonly kernel: number;
    readonly stride: number;
    readonly pool: boolean;
  };
  /** Blocks of each stage. */
  readonly blocks: readonly number[];
  /** Channels that each stage gives. */
  readonly channels: readonly number[];
  /** Stride of each stage. */
  readonly strides: readonly number[];
  /** Channels inside a stage over those it gives. */
  readonly expand: readonly number[];
  /** Channels of a bottleneck over those of its block. */
  readonly bottleneck: readonly number[];
  /** Groups of the 3x3 convolutions. */
  readonly groups: number;
  /** Whether blocks are Darknet's (1x1, 3x3) or ResNet's (1x1, 3x3, 1x1). */
  readonly dark: boolean;
  /** Whether the expansion is linear. */
  readonly linear: boolean;
  /** Whether a stage's first convolution already has its channels. */
  readonly downGrowth: boolean;
  /** Part of the expanded channels that passes a stage by: gamma of the paper. */
  readonly gamma: number;
}

/** Convolution, normalisation, activation under timm's names. */
function convAct(
  net: NetworkBuilder,
  x: Value,
  key: string,
  outputs: number,
  options: ConvOptions & { act?: Activation } = {},
): Value {
  const { act = "leaky", ...conv } = options;
  return net.activate(net.batchNorm(net.conv(x, `${key}.conv`, outputs, conv), `${key}.bn`), act);
}

/** A residual block; the sum of ResNet's is activated, that of Darknet's is not. */
function residualBlock(
  net: NetworkBuilder,
  x: Value,
  key: string,
  inner: number,
  { dark, groups }: CspResidualConfig,
): Value {
  const channels = x.shape[3];
  const narrow = convAct(net, x, `${key}.conv1`, inner);
  if (dark) {
    return net.add(convAct(net, narrow, `${key}.conv2`, channels, { kernel: 3, groups }), x, `${key}.sum`);
  }
  const middle = convAct(net, narrow, `${key}.conv2`, inner, { kernel: 3, groups });
  const wide = convAct(net, middle, `${key}.conv3`, channels, { act: "none" });
  return net.activate(net.add(wide, x, `${key}.sum`), "leaky");
}

/** The feature extractor: the map of each stage. */
export function cspResidualFeatures(net: NetworkBuilder, input: Value, config: CspResidualConfig): Value[] {
  const { stem, blocks, channels, strides, expand, bottleneck, groups, linear, downGrowth, gamma } = config;
  let x = convAct(net, input, "stem.conv1", stem.channels, { kernel: stem.kernel, stride: stem.stride });
  if (stem.pool) x = net.maxPool(x, "stem.pool", { kernel: 3, stride: 2, padding: 1 });
  return blocks.map((count, i) => {
    const key = `stages.${i}`, outputs = channels[i];
    if (strides[i] > 1) {
      const down = downGrowth ? outputs : x.shape[3];
      x = convAct(net, x, `${key}.conv_down`, down, { kernel: 3, stride: strides[i], groups });
    }
    const wide = Math.round(outputs * expand[i]), aside = Math.round(wide * gamma);
    const expanded = convAct(net, x, `${key}.conv_exp`, wide, { act: linear ? "none" : "leaky" });
    const rest = net.channels(expanded, 0, aside, `${key}.rest`);
    let y = net.channels(expanded, aside, wide - aside, `${key}.part`);
    const inner = Math.round(outputs * bottleneck[i]);
    for (let block = 0; block < count; block++) {
      y = residualBlock(net, y, `${key}.blocks.${block}`, inner, config);
    }
    y = convAct(net, y, `${key}.conv_transition_b`, wide >> 1);
    x = convAct(net, net.concat([rest, y], `${key}.cat`), `${key}.conv_transition`, outputs);
    return x;
  });
}

function cspResidual(config: CspResidualConfig, top1: number, checkpoint: string): Network {
  return {
    task: "classify",
    paper: "arXiv 1911.11929",
    upstream: "https://github.com/huggingface/pytorch-image-models",
    licence: "Apache-2.0",
    inputSize: [256, 256],
    classes: 1000,
    preprocessing: IMAGENET,
    accuracy: { metric: "ImageNet top-1", value: top1, source: "timm, results/results-imagenet.csv" },
    weights: timmFile(checkpoint),
    crop: 0.887,
    variants: ["gamma"],
    build(net, input, { classes, gamma = config.gamma }) {
      const features = cspResidualFeatures(net, input, { ...config, gamma });
      return [net.linear(net.globalPool(features.at(-1)!), "head.fc", classes)];
    },
  };
}

const RESNET: CspResidualConfig = {
  stem: { channels: 64, kernel: 7, stride: 2, pool: true },
  blocks: [3, 3, 5, 2],
  channels: [128, 256, 512, 1024],
  strides: [1, 2, 2, 2],
  expand: [2, 2, 2, 2],
  bottleneck: [0.5, 0.5, 0.5, 0.5],
  groups: 1,
  dark: false,
  linear: true,
  downGrowth: false,
  gamma: 0.5,
};
const RESNEXT: CspResidualConfig = {
  ...RESNET,
  channels: [256, 512, 1024, 2048],
  expand: [1, 1, 1, 1],
  groups: 32,
};
const DARKNET: CspResidualConfig = {
  stem: { channels: 32, kernel: 3, stride: 1, pool: false },
  blocks: [1, 2, 8, 8, 4],
  channels: [64, 128, 256, 512, 1024],
  strides: [2, 2, 2, 2, 2],
  expand: [2, 1, 1, 1, 1],
  bottleneck: [0.5, 0.5, 0.5, 0.5, 0.5],
  groups: 1,
  dark: true,
  linear: false,
  downGrowth: true,
  gamma: 0.5,
};

/** The members of the family. */
export const cspnets: NetworkTable = {
  csppeleenet: cspDense({}, {
    accuracy: { metric: "ImageNet top-1", value: 73.07, source: "tomotana14/CSPPeleeNet.pytorch, README" },
    weights: download("https://github.com/tomotana14/CSPPeleeNet.pytorch/raw/master/weights/csppeleenet.pth"),
  }),
  "csppeleenet-fusion-first": cspDense({ fusion: "first" }),
  "csppeleenet-fusion-last": cspDense({ fusion: "last" }),
  // The upstream publishes its accuracy and 2.431 M parameters, which these bottlenecks give, but no code.
  "csppeleenet-light": cspDense({ bottlenecks: [0.5, 1, 2, 2] }, {
    accuracy: { metric: "ImageNet top-1", value: 72.05, source: "tomotana14/CSPPeleeNet.pytorch, README" },
  }),
  cspdensenet: cspDense({ twoWay: false, stem: 64, blocks: [6, 12, 24, 16], bottlenecks: [8, 8, 8, 8] }),
  cspresnet50: cspResidual(RESNET, 79.59, "cspresnet50.ra_in1k"),
  cspresnext50: cspResidual(RESNEXT, 80.556, "cspresnext50.ra_in1k"),
  cspdarknet53: cspResidual(DARKNET, 80.062, "cspdarknet53.ra_in1k"),
};
