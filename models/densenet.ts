/**
 * DenseNet (Huang et al. 2017, "Densely Connected Convolutional Networks", arXiv 1608.06993), BC form, with torchvision's names (torchvision/models/densenet.py). Input
 * RGB, 224x224, normalised by ImageNet's mean and deviation.
 *
 * @module
 */

import type { NetworkBuilder, Value } from "./layers.ts";
import { IMAGENET, type Network, type NetworkTable, torchvisionFile } from "./network.ts";

/** What a member of the family varies. */
export interface DenseNetConfig {
  /** Channels that a dense layer adds. */
  readonly growth: number;
  /** Dense layers of each block. */
  readonly blocks: readonly number[];
  /** Channels of the first convolution. */
  readonly stem: number;
}

/** Width of a bottleneck, in growths. */
const BOTTLENECK = 4;

/** The network; upstream's names. */
export function denseNet(
  net: NetworkBuilder,
  input: Value,
  classes: number,
  { growth, blocks, stem }: DenseNetConfig,
): Value {
  const normConv = (x: Value, norm: string, conv: string, outputs: number, kernel: number) =>
    net.conv(net.activate(net.batchNorm(x, norm), "relu"), conv, outputs, { kernel });
  const first = net.conv(input, "features.conv0", stem, { kernel: 7, stride: 2 });
  let x = net.activate(net.batchNorm(first, "features.norm0"), "relu");
  x = net.maxPool(x, "features.pool0", { kernel: 3, stride: 2, padding: 1 });
  blocks.forEach((layers, i) => {
    for (let layer = 1; layer <= layers; layer++) {
      const key = `features.denseblock${i + 1}.denselayer${layer}`;
      const narrow = normConv(x, `${key}.norm1`, `${key}.conv1`, BOTTLENECK * growth, 1);
      x = net.concat([x, normConv(narrow, `${key}.norm2`, `${key}.conv2`, growth, 3)], `${key}.cat`);
    }
    if (i === blocks.length - 1) return;
    const key = `features.transition${i + 1}`;
    const half = normConv(x, `${key}.norm`, `${key}.conv`, x.shape[3] >> 1, 1);
    x = net.avgPool(half, `${key}.pool`, { kernel: 2, stride: 2 });
  });
  const last = net.activate(net.batchNorm(x, "features.norm5"), "relu");
  return net.linear(net.globalPool(last), "classifier", classes);
}

function member(config: DenseNetConfig, top1: number, file: string): Network {
  return {
    task: "classify",
    paper: "arXiv 1608.06993",
    upstream: "https://github.com/pytorch/vision",
    licence: "BSD-3-Clause",
    inputSize: [224, 224],
    classes: 1000,
    preprocessing: IMAGENET,
    accuracy: { metric: "ImageNet top-1", value: top1, source: "torchvision, IMAGENET1K_V1" },
    weights: torchvisionFile(file),
    crop: 0.875,
    build: (net, input, { classes }) => [denseNet(net, input, classes, config)],
  };
}

/** The members of the family. */
export const densenets: NetworkTable = {
  densenet121: member({ growth: 32, blocks: [6, 12, 24, 16], stem: 64 }, 74.434, "densenet121-a639ec97.pth"),
  densenet161: member({ growth: 48, blocks: [6, 12, 36, 24], stem: 96 }, 77.138, "densenet161-8d451a50.pth"),
  densenet169: member({ growth: 32, blocks: [6, 12, 32, 32], stem: 64 }, 75.6, "densenet169-b2777c0a.pth"),
  densenet201: member({ growth: 32, blocks: [6, 12, 48, 32], stem: 64 }, 76.896, "densenet201-c1103571.pth"),
};
