/**
 * ShuffleNet V1 (Zhang et al. 2018, arXiv 1707.01083, table 1, 3 groups) with names of ours, and V2 (Ma et al. 2018, arXiv 1807.11164, table 5) with torchvision's names
 * (torchvision/models/shufflenetv2.py). Input RGB, 224x224, normalised by ImageNet's mean and deviation.
 *
 * @module
 */

import type { NetworkBuilder, Value } from "./layers.ts";
import { IMAGENET, type NetworkTable } from "./network.ts";

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

/** A unit of V1 (figure 2b, c): grouped 1x1, shuffle, depthwise, grouped 1x1. */
function unitV1(
  net: NetworkBuilder,
  x: Value,
  key: string,
  outputs: number,
  stride: number,
  groups: number,
  firstGroups: number,
): Value {
  const branch = stride > 1 ? outputs - x.shape[3] : outputs;
  const inner = outputs >> 2;
  let y = net.activate(
    net.batchNorm(net.conv(x, `${key}.conv1`, inner, { groups: firstGroups }), `${key}.bn1`),
    "relu",
  );
  y = shuffle(net, y, groups, `${key}.shuffle`);
  y = net.batchNorm(net.conv(y, `${key}.conv2`, inner, { kernel: 3, stride, groups: inner }), `${key}.bn2`);
  y = net.batchNorm(net.conv(y, `${key}.conv3`, branch, { groups }), `${key}.bn3`);
  if (stride === 1) return net.activate(net.add(y, x, `${key}.sum`), "relu");
  const pooled = net.avgPool(x, `${key}.pool`, { kernel: 3, stride: 2, padding: 1 });
  return net.concat([pooled, net.activate(y, "relu")], `${key}.cat`);
}

const REPEATS = [4, 8, 4];

/** The members of the family. */
export const shufflenets: NetworkTable = {
  "shufflenet-v1": {
    task: "classify",
    paper: "arXiv 1707.01083",
    upstream: "https://github.com/megvii-model/ShuffleNet-Series",
    licence: "MIT",
    inputSize: [224, 224],
    classes: 1000,
    preprocessing: IMAGENET,
    weights: "none published with these names",
    build(net, input, { classes }) {
      const stem = net.conv(input, "conv1", 24, { kernel: 3, stride: 2 });
      let x = net.maxPool(net.activate(net.batchNorm(stem, "bn1"), "relu"), "maxpool", {
        kernel: 3,
        stride: 2,
        padding: 1,
      });
      [240, 480, 960].forEach((outputs, i) => {
        for (let unit = 0; unit < REPEATS[i]; unit++) {
          const first = i === 0 && unit === 0 ? 1 : 3;
          x = unitV1(net, x, `stage${i + 2}.${unit}`, outputs, unit === 0 ? 2 : 1, 3, first);
        }
      });
      return [net.linear(net.globalPool(x), "fc", classes)];
    },
  },
  "shufflenet-v2": {
    task: "classify",
    paper: "arXiv 1807.11164",
    upstream: "https://github.com/pytorch/vision",
    licence: "BSD-3-Clause",
    inputSize: [224, 224],
    classes: 1000,
    preprocessing: IMAGENET,
    accuracy: { metric: "ImageNet top-1", value: 69.362, source: "torchvision, IMAGENET1K_V1" },
    weights: "torchvision (shufflenet_v2_x1_0, IMAGENET1K_V1)",
    build(net, input, { classes }) {
      const relu = (y: Value) => net.activate(y, "relu");
      let x = relu(convNorm(net, input, "conv1", 0, 24, { kernel: 3, stride: 2 }));
      x = net.maxPool(x, "maxpool", { kernel: 3, stride: 2, padding: 1 });
      [116, 232, 464].forEach((outputs, i) => {
        for (let unit = 0; unit < REPEATS[i]; unit++) {
          x = unitV2(net, x, `stage${i + 2}.${unit}`, outputs, unit === 0 ? 2 : 1);
        }
      });
      return [net.linear(net.globalPool(relu(convNorm(net, x, "conv5", 0, 1024))), "fc", classes)];
    },
  },
};
