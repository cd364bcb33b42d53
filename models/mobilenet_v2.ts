/**
 * MobileNetV2 (Sandler et al. 2018, "MobileNetV2: Inverted Residuals and Linear Bottlenecks", arXiv 1801.04381, table 2) with torchvision's names
 * (torchvision/models/mobilenetv2.py). Input RGB, 224x224, normalised by ImageNet's mean and deviation.
 *
 * @module
 */

import type { ConvOptions, NetworkBuilder, Value } from "./layers.ts";
import { makeDivisible } from "./mobilenet_v1.ts";
import { IMAGENET, type Network, type NetworkTable, timmFile, torchvisionFile } from "./network.ts";

/** Expansion, outputs at width 1, blocks, stride of the first block. */
const STAGES = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

/** Blocks of each stage. */
export const MOBILENET_V2_BLOCKS: readonly number[] = STAGES.map(([, , blocks]) => blocks);

/** Convolution `KEY.0`, normalisation `KEY.1`, ReLU6. */
export function convRelu6(
  net: NetworkBuilder,
  x: Value,
  key: string,
  outputs: number,
  options: ConvOptions = {},
): Value {
  return net.activate(net.batchNorm(net.conv(x, `${key}.0`, outputs, options), `${key}.1`), "relu6");
}

/** Names of the convolution and the normalisation of an inverted residual's part, from 0; the last part has no activation. */
export type PartNames = (key: string, part: number, last: boolean) => readonly [conv: string, norm: string];

/** Names as torchvision's: every activated part is a sequence of its own. */
const nested: PartNames = (key, part, last) =>
  last
    ? [`${key}.conv.${part}`, `${key}.conv.${part + 1}`]
    : [`${key}.conv.${part}.0`, `${key}.conv.${part}.1`];

/** Names as tonylins' and qfgaohao's: one sequence of convolutions, normalisations and activations. */
export function flatNames(key: string, part: number): readonly [conv: string, norm: string] {
  return [`${key}.conv.${3 * part}`, `${key}.conv.${3 * part + 1}`];
}

/** What an inverted residual may be told beside its outputs. */
export interface ResidualOptions {
  /** Default 1. */
  readonly stride?: number;
  /** Channels inside; those of the input when left out, and then without the convolution that would make them. */
  readonly inner?: number;
  /** Default torchvision's. */
  readonly names?: PartNames;
  /** Is told of the wide map behind the first part, where there is one. */
  readonly expanded?: (wide: Value) => void;
}

/** An inverted residual with a linear bottleneck. */
export function invertedResidual(
  net: NetworkBuilder,
  x: Value,
  key: string,
  outputs: number,
  { stride = 1, inner, names = nested, expanded }: ResidualOptions = {},
): Value {
  const channels = x.shape[3];
  let part = 0;
  const layer = (y: Value, width: number, options: ConvOptions, last: boolean) => {
    const [conv, norm] = names(key, part++, last);
    return net.activate(net.batchNorm(net.conv(y, conv, width, options), norm), last ? "none" : "relu6");
  };
  let y = x;
  if (inner !== undefined) {
    y = layer(x, inner, {}, false);
    expanded?.(y);
  }
  y = layer(y, y.shape[3], { kernel: 3, stride, groups: y.shape[3] }, false);
  y = layer(y, outputs, {}, true);
  return stride === 1 && channels === outputs ? net.add(x, y, `${key}.sum`) : y;
}

/** How the feature extractor is named, and who is told of the wide map inside each block. */
export interface MobileNetV2Options {
  /** What stands before every name. Default `features`. */
  readonly prefix?: string;
  /** Default torchvision's. */
  readonly names?: PartNames;
  /** Is told of the wide map inside the block of a number. */
  readonly expanded?: (block: number, wide: Value) => void;
}

/** The feature extractor: what comes out of every block, from the stem on; the last is the 1x1 convolution. */
export function mobileNetV2Features(
  net: NetworkBuilder,
  input: Value,
  width: number,
  { prefix = "features", names, expanded }: MobileNetV2Options = {},
): Value[] {
  const blocks = [convRelu6(net, input, `${prefix}.0`, makeDivisible(32 * width), { kernel: 3, stride: 2 })];
  for (const [expansion, outputs, count, first] of STAGES) {
    for (let block = 0; block < count; block++) {
      const index = blocks.length, x = blocks[index - 1];
      blocks.push(invertedResidual(net, x, `${prefix}.${index}`, makeDivisible(outputs * width), {
        stride: block === 0 ? first : 1,
        names,
        ...(expansion > 1 && { inner: x.shape[3] * expansion }),
        expanded: (wide) => expanded?.(index, wide),
      }));
    }
  }
  const last = makeDivisible(1280 * Math.max(1, width));
  return [...blocks, convRelu6(net, blocks.at(-1)!, `${prefix}.${blocks.length}`, last)];
}

function member(published: number, more: Pick<Network, "accuracy" | "weights"> = {}): Network {
  return {
    task: "classify",
    paper: "arXiv 1801.04381",
    upstream: "https://github.com/pytorch/vision",
    licence: "BSD-3-Clause",
    inputSize: [224, 224],
    classes: 1000,
    preprocessing: IMAGENET,
    ...more,
    crop: 0.875,
    variants: ["width"],
    build(net, input, { classes, width = published }) {
      return [
        net.linear(net.globalPool(mobileNetV2Features(net, input, width).at(-1)!), "classifier.1", classes),
      ];
    },
  };
}

const timm = (top1: number, checkpoint: string): Pick<Network, "accuracy" | "weights"> => ({
  accuracy: { metric: "ImageNet top-1", value: top1, source: "timm, results/results-imagenet.csv" },
  weights: timmFile(checkpoint),
});

/** The members of the family. */
export const mobilenetsV2: NetworkTable = {
  mobilenetv2: member(1, {
    accuracy: { metric: "ImageNet top-1", value: 71.878, source: "torchvision, IMAGENET1K_V1" },
    weights: torchvisionFile("mobilenet_v2-b0353104.pth"),
  }),
  "mobilenetv2-140": member(1.4, timm(76.52, "mobilenetv2_140.ra_in1k")),
  "mobilenetv2-075": member(0.75),
  "mobilenetv2-050": member(0.5, timm(65.95, "mobilenetv2_050.lamb_in1k")),
  "mobilenetv2-035": member(0.35),
};
