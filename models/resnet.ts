/**
 * ResNet (He et al. 2016, "Deep Residual Learning for Image Recognition", arXiv 1512.03385) and ResNeXt (Xie et al. 2017, arXiv 1611.05431), with torchvision's names
 * (torchvision/models/resnet.py: stride in the 3x3 convolution). Input RGB, 224x224, normalised by ImageNet's mean and deviation.
 *
 * @module
 */

import type { ConvOptions, NetworkBuilder, Value } from "./layers.ts";
import { IMAGENET, type Network, type NetworkTable, torchvisionFile } from "./network.ts";

/** What a member of the family varies. */
export interface ResNetConfig {
  /** Blocks of each stage. */
  readonly blocks: readonly number[];
  /** Whether blocks are bottlenecks (1x1, 3x3, 1x1) or basic (3x3, 3x3). */
  readonly bottleneck: boolean;
  /** Groups of the 3x3 convolutions. */
  readonly groups: number;
  /** Channels of a group at the first stage; 64 in one group. */
  readonly groupWidth: number;
}

/** The feature extractor: the map of each stage, at strides 4, 8, 16 and 32. */
export function resNetFeatures(net: NetworkBuilder, input: Value, config: ResNetConfig): Value[] {
  const { blocks, bottleneck, groups, groupWidth } = config;
  const normed = (x: Value, conv: string, norm: string, outputs: number, options: ConvOptions = {}) =>
    net.batchNorm(net.conv(x, conv, outputs, options), norm);
  let x = net.activate(normed(input, "conv1", "bn1", 64, { kernel: 7, stride: 2 }), "relu");
  x = net.maxPool(x, "maxpool", { kernel: 3, stride: 2, padding: 1 });
  return blocks.map((count, i) => {
    const planes = 64 << i, width = Math.floor(planes * groupWidth / 64) * groups;
    for (let block = 0; block < count; block++) {
      const key = `layer${i + 1}.${block}`, stride = block === 0 && i > 0 ? 2 : 1;
      const part = (y: Value, n: number, outputs: number, options: ConvOptions) =>
        normed(y, `${key}.conv${n}`, `${key}.bn${n}`, outputs, options);
      const outputs = bottleneck ? 4 * planes : planes;
      let y: Value;
      if (bottleneck) {
        y = net.activate(part(x, 1, width, {}), "relu");
        y = net.activate(part(y, 2, width, { kernel: 3, stride, groups }), "relu");
        y = part(y, 3, outputs, {});
      } else {
        y = net.activate(part(x, 1, planes, { kernel: 3, stride }), "relu");
        y = part(y, 2, planes, { kernel: 3 });
      }
      const same = stride === 1 && x.shape[3] === outputs;
      const shortcut = same
        ? x
        : normed(x, `${key}.downsample.0`, `${key}.downsample.1`, outputs, { stride });
      x = net.activate(net.add(y, shortcut, `${key}.sum`), "relu");
    }
    return x;
  });
}

function member(config: ResNetConfig, top1: number, file: string): Network {
  return {
    task: "classify",
    paper: config.groups > 1 ? "arXiv 1611.05431" : "arXiv 1512.03385",
    upstream: "https://github.com/pytorch/vision",
    licence: "BSD-3-Clause",
    inputSize: [224, 224],
    classes: 1000,
    preprocessing: IMAGENET,
    accuracy: { metric: "ImageNet top-1", value: top1, source: "torchvision, IMAGENET1K_V1" },
    weights: torchvisionFile(file),
    crop: 0.875,
    build(net, input, { classes }) {
      return [net.linear(net.globalPool(resNetFeatures(net, input, config)[3]), "fc", classes)];
    },
  };
}

const BASIC = { bottleneck: false, groups: 1, groupWidth: 64 };
const BOTTLENECK = { bottleneck: true, groups: 1, groupWidth: 64 };

/** What the members vary. */
export const RESNETS = {
  resnet18: { ...BASIC, blocks: [2, 2, 2, 2] },
  resnet34: { ...BASIC, blocks: [3, 4, 6, 3] },
  resnet50: { ...BOTTLENECK, blocks: [3, 4, 6, 3] },
  resnet101: { ...BOTTLENECK, blocks: [3, 4, 23, 3] },
  resnext50: { bottleneck: true, groups: 32, groupWidth: 4, blocks: [3, 4, 6, 3] },
} as const;

/** The members of the family. */
export const resnets: NetworkTable = {
  resnet18: member(RESNETS.resnet18, 69.758, "resnet18-f37072fd.pth"),
  resnet34: member(RESNETS.resnet34, 73.314, "resnet34-b627a593.pth"),
  resnet50: member(RESNETS.resnet50, 76.13, "resnet50-0676ba61.pth"),
  resnet101: member(RESNETS.resnet101, 77.374, "resnet101-63fe2227.pth"),
  resnext50: member(RESNETS.resnext50, 77.618, "resnext50_32x4d-7cdf4587.pth"),
};
