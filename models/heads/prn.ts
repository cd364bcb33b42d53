/**
 * The head of Partial Residual Networks (Wang et al. 2019, "Enriching Variety of Layer-wise Learning Information by Gradient Combination"): shortcuts add to a map the first
 * channels of a wider one. The layers are those of WongKinYiu/PartialResidualNetworks, cfg/yolov3-tiny-prn.cfg; names of weights are ours.
 *
 * @module
 */

import type { NetworkBuilder, Value } from "../layers.ts";
import { enlarge, leakyConv } from "./efm.ts";

/** Channels of the maps at strides 16 and 32. */
const WIDTHS = [128, 256] as const;

/** Darknet's `[shortcut]` with leaky activation: as many channels of `other` are added as `x` has. */
function partialResidual(net: NetworkBuilder, x: Value, other: Value, name: string): Value {
  const channels = x.shape[3];
  const part = other.shape[3] === channels ? other : net.channels(other, 0, channels, `${name}.part`);
  return net.activate(net.add(x, part, name), "leaky", 0.1);
}

/** What predicts at strides 32 and 16, from the backbone's maps at 16 and 32, the finer of which has at least 128 channels. */
export function prn(net: NetworkBuilder, [fine, coarse]: readonly [Value, Value]): [Value, Value] {
  const narrow = leakyConv(net, coarse, "prn.0.narrow", WIDTHS[1]);
  const wide = leakyConv(net, narrow, "prn.0.wide", WIDTHS[1], 3);
  const first = partialResidual(net, wide, narrow, "prn.0.sum");
  const down = leakyConv(net, wide, "prn.1.narrow", WIDTHS[0]);
  const enlarged = enlarge(net, down, fine.shape, "prn.1.enlarged");
  const joined = partialResidual(net, enlarged, fine, "prn.1.joined");
  const filtered = leakyConv(net, joined, "prn.1.wide", WIDTHS[0], 3);
  const second = partialResidual(net, filtered, enlarged, "prn.1.sum");
  return [first, partialResidual(net, second, fine, "prn.1.rejoined")];
}
