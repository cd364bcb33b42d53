/**
 * ShuffleNet V1 (Zhang et al. 2018, arXiv 1707.01083, table 1, 3 groups) with the names of megvii-model/ShuffleNet-Series (ShuffleNetV1/network.py), input BGR as it is, and
 * V2 (Ma et al. 2018, arXiv 1807.11164, table 5) with torchvision's names (torchvision/models/shufflenetv2.py), input RGB, normalised by ImageNet's mean and deviation.
 * 224x224.
 *
 * @module
 */

import type { NetworkBuilder, Value } from "./layers.ts";
import { IMAGENET, type Network, type NetworkTable, opencv, torchvisionFile } from "./network.ts";

/** Deals the channels of `groups` groups out in turn. */
export function shuffle(net: NetworkBuilder, x: Value, groups: number, name: string): Value {
  const [n, h, w, c] = x.shape;
  const split = net.node("reshape", `${name}.split`, { shape: [n * h, w, groups, c / groups] }, [x]);
  const dealt = net.node("transpose", `${name}.dealt`, { permutation: [0, 1, 3, 2] }, [split]);
  return net.node("reshape", name, { shape: x.shape }, [dealt]);
}

/** Convolution `KEY.I`, normalisation `KEY.I+1`. */
function convNorm(
  net: NetworkBuilder,
  x: Value,
  key: string,
  index: number,
  outputs: number,
  options = {},
): Value {
  return net.batchNorm(net.conv(x, `${key}.${index}`, outputs, options), `${key}.${index + 1}`);
}

/** A unit of V2 (figure 3c, d). */
function unitV2(net: NetworkBuilder, x: Value, key: string, outputs: number, stride: number): Value {
  const half = outputs >> 1;
  const branch = (y: Value) => {
    const narrow = net.activate(convNorm(net, y, `${key}.branch2`, 0, half), "relu");
    const filtered = convNorm(net, narrow, `${key}.branch2`, 3, half, { kernel: 3, stride, groups: half });
    return net.activate(convNorm(net, filtered, `${key}.branch2`, 5, half), "relu");
  };
  let left: Value, right: Value;
  if (stride > 1) {
    const channels = x.shape[3];
    const filtered = convNorm(net, x, `${key}.branch1`, 0, channels, { kernel: 3, stride, groups: channels });
    left = net.activate(convNorm(net, filtered, `${key}.branch1`, 2, half), "relu");
    right = branch(x);
  } else {
    left = net.channels(x, 0, half, `${key}.left`);
    right = branch(net.channels(x, half, half, `${key}.right`));
  }
  return shuffle(net, net.concat([left, right], `${key}.cat`), 2, `${key}.shuffle`);
}

/** A unit of V1 (figure 2b, c): grouped 1x1, shuffle, depthwise, grouped 1x1. The upstream shuffles behind the depthwise convolution. */
function unitV1(
  net: NetworkBuilder,
  x: Value,
  key: string,
  outputs: number,
  stride: number,
  firstGroups: number,
): Value {
  const branch = stride > 1 ? outputs - x.shape[3] : outputs, inner = outputs >> 2;
  const main = `${key}.branch_main_1`;
  let y = net.activate(convNorm(net, x, main, 0, inner, { groups: firstGroups }), "relu");
  y = convNorm(net, y, main, 3, inner, { kernel: 3, stride, groups: inner });
  y = shuffle(net, y, inner / GROUPS, `${key}.shuffle`);
  y = convNorm(net, y, `${key}.branch_main_2`, 0, branch, { groups: GROUPS });
  if (stride === 1) return net.activate(net.add(y, x, `${key}.sum`), "relu");
  const pooled = net.avgPool(x, `${key}.pool`, { kernel: 3, stride: 2, padding: 1 });
  return net.concat([pooled, net.activate(y, "relu")], `${key}.cat`);
}

/** Groups of V1's 1x1 convolutions. */
const GROUPS = 3;

/** V1: channels of the stem and of the stages. */
function v1(stem: number, stages: readonly number[], top1: number, file: string): Network {
  return {
    task: "classify",
    paper: "arXiv 1707.01083",
    upstream: "https://github.com/megvii-model/ShuffleNet-Series",
    licence: "MIT",
    inputSize: [224, 224],
    classes: 1000,
    preprocessing: opencv("bgr", [0, 0, 0]),
    accuracy: { metric: "ImageNet top-1", value: top1, source: "megvii-model/ShuffleNet-Series, README" },
    crop: 0.875,
    weights: {
      file: `${file}.pth.tar`,
      fetch: "a browser at https://1drv.ms/f/s!AgaP37NGYuEXhRfQxHRseR7eSxXo",
    },
    build(net, input, { classes }) {
      let x = net.activate(convNorm(net, input, "first_conv", 0, stem, { kernel: 3, stride: 2 }), "relu");
      x = net.maxPool(x, "maxpool", { kernel: 3, stride: 2, padding: 1 });
      let index = 0;
      stages.forEach((outputs, i) => {
        for (let unit = 0; unit < REPEATS[i]; unit++) {
          x = unitV1(net, x, `features.${index}`, outputs, unit === 0 ? 2 : 1, index === 0 ? 1 : GROUPS);
          index++;
        }
      });
      return [net.linear(net.globalPool(x), "classifier.0", classes, false)];
    },
  };
}

/** V2: channels of the stages and of the last convolution. */
function v2(stages: readonly number[], last: number, top1: number, file: string): Network {
  return {
    task: "classify",
    paper: "arXiv 1807.11164",
    upstream: "https://github.com/pytorch/vision",
    licence: "BSD-3-Clause",
    inputSize: [224, 224],
    classes: 1000,
    preprocessing: IMAGENET,
    accuracy: { metric: "ImageNet top-1", value: top1, source: "torchvision, IMAGENET1K_V1" },
    weights: torchvisionFile(file),
    crop: 0.875,
    build(net, input, { classes }) {
      const relu = (y: Value) => net.activate(y, "relu");
      let x = relu(convNorm(net, input, "conv1", 0, 24, { kernel: 3, stride: 2 }));
      x = net.maxPool(x, "maxpool", { kernel: 3, stride: 2, padding: 1 });
      stages.forEach((outputs, i) => {
        for (let unit = 0; unit < REPEATS[i]; unit++) {
          x = unitV2(net, x, `stage${i + 2}.${unit}`, outputs, unit === 0 ? 2 : 1);
        }
      });
      return [net.linear(net.globalPool(relu(convNorm(net, x, "conv5", 0, last))), "fc", classes)];
    },
  };
}

/** Units of each stage. */
const REPEATS = [4, 8, 4];

/** The members of the family. */
export const shufflenets: NetworkTable = {
  "shufflenet-v1": v1(24, [240, 480, 960], 67.8, "1.0x"),
  "shufflenet-v1-050": v1(12, [120, 240, 480], 57.3, "0.5x"),
  "shufflenet-v1-150": v1(24, [360, 720, 1440], 71.6, "1.5x"),
  "shufflenet-v1-200": v1(48, [480, 960, 1920], 74.1, "2.0x"),
  "shufflenet-v2": v2([116, 232, 464], 1024, 69.362, "shufflenetv2_x1-5666bf0f80.pth"),
  "shufflenet-v2-050": v2([48, 96, 192], 1024, 60.552, "shufflenetv2_x0.5-f707e7126e.pth"),
  "shufflenet-v2-150": v2([176, 352, 704], 1024, 72.996, "shufflenetv2_x1_5-3c479a10.pth"),
  "shufflenet-v2-200": v2([244, 488, 976], 2048, 76.23, "shufflenetv2_x2_0-8be3c8ee.pth"),
};
