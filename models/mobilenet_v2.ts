/**
 * MobileNetV2 (Sandler et al. 2018, "MobileNetV2: Inverted Residuals and Linear Bottlenecks", arXiv 1801.04381, table 2) with torchvision's names
 * (torchvision/models/mobilenetv2.py). Input RGB, 224x224, normalised by ImageNet's mean and deviation.
 *
 * @module
 */

import type { ConvOptions, NetworkBuilder, Value } from "./layers.ts";
import { makeDivisible } from "./mobilenet_v1.ts";
import { IMAGENET, type Network, type NetworkTable } from "./network.ts";

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

/** An inverted residual with a linear bottleneck, under torchvision's names; `expanded` is told of the wide map, where there is one. */
export function invertedResidual(
  net: NetworkBuilder,
  x: Value,
  key: string,
  outputs: number,
  stride: number,
  expansion: number,
  expanded?: (wide: Value) => void,
): Value {
  const channels = x.shape[3];
  let y = x, part = 0;
  if (expansion > 1) {
    y = convRelu6(net, x, `${key}.conv.${part++}`, channels * expansion);
    expanded?.(y);
  }
  y = convRelu6(net, y, `${key}.conv.${part++}`, y.shape[3], { kernel: 3, stride, groups: y.shape[3] });
  y = net.batchNorm(net.conv(y, `${key}.conv.${part}`, outputs), `${key}.conv.${part + 1}`);
  return stride === 1 && channels === outputs ? net.add(x, y, `${key}.sum`) : y;
}

/** The feature extractor under `prefix`: what comes out of every block, from the stem on; the last is the 1x1 convolution. */
export function mobileNetV2Features(
  net: NetworkBuilder,
  input: Value,
  width: number,
  prefix = "features",
): Value[] {
  const blocks = [convRelu6(net, input, `${prefix}.0`, makeDivisible(32 * width), { kernel: 3, stride: 2 })];
  for (const [expansion, outputs, count, stride] of STAGES) {
    for (let block = 0; block < count; block++) {
      const key = `${prefix}.${blocks.length}`;
      blocks.push(
        invertedResidual(
          net,
          blocks.at(-1)!,
          key,
          makeDivisible(outputs * width),
          block === 0 ? stride : 1,
          expansion,
        ),
      );
    }
  }
  const last = makeDivisible(1280 * Math.max(1, width));
  return [...blocks, convRelu6(net, blocks.at(-1)!, `${prefix}.${blocks.length}`, last)];
}

function member(width: number, top1?: number): Network {
  return {
    task: "classify",
    paper: "arXiv 1801.04381",
    upstream: "https://github.com/pytorch/vision",
    licence: "BSD-3-Clause",
    inputSize: [224, 224],
    classes: 1000,
    preprocessing: IMAGENET,
    ...(top1 !== undefined &&
      { accuracy: { metric: "ImageNet top-1", value: top1, source: "torchvision, IMAGENET1K_V1" } }),
    weights: width === 1 ? "torchvision (mobilenet_v2, IMAGENET1K_V1)" : "none published in this form",
    build(net, input, { classes }) {
      return [
        net.linear(net.globalPool(mobileNetV2Features(net, input, width).at(-1)!), "classifier.1", classes),
      ];
    },
  };
}

/** The members of the family. */
export const mobilenetsV2: NetworkTable = {
  mobilenetv2: member(1, 71.878),
  "mobilenetv2-140": member(1.4),
  "mobilenetv2-075": member(0.75),
  "mobilenetv2-050": member(0.5),
  "mobilenetv2-035": member(0.35),
};
