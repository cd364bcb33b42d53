/**
 * All operators, one line each.
 *
 * @module
 */

import { add } from "./add.ts";
import { batchNorm } from "./batch_norm.ts";
import { clip } from "./clip.ts";
import { concat } from "./concat.ts";
import { conv2d } from "./conv2d.ts";
import { div } from "./div.ts";
import { expandDepthwise } from "./expand_depthwise.ts";
import { hardSigmoid } from "./hard_sigmoid.ts";
import { hardSwish } from "./hard_swish.ts";
import { l2Normalize } from "./l2_normalize.ts";
import { leakyRelu } from "./leaky_relu.ts";
import { maximum } from "./maximum.ts";
import { mish } from "./mish.ts";
import { mul } from "./mul.ts";
import type { AttrsOf, Operators, OpName } from "./attrs.ts";
import type { Op } from "./op.ts";
import { pad } from "./pad.ts";
import { planarConv2d } from "./planar_conv2d.ts";
import { avgPool, maxPool } from "./pool.ts";
import { preactivatedPointwise } from "./preactivated_pointwise.ts";
import { reshape } from "./reshape.ts";
import { resize } from "./resize.ts";
import { sigmoid } from "./sigmoid.ts";
import { silu } from "./silu.ts";
import { slice } from "./slice.ts";
import { softmax } from "./softmax.ts";
import { sub } from "./sub.ts";
import { sqrt } from "./sqrt.ts";
import { tanh } from "./tanh.ts";
import { transpose } from "./transpose.ts";
import { unpackedConv2d } from "./unpacked_conv2d.ts";
import { unpackRgba } from "./unpack_rgba.ts";

export type { AttrsOf, OpName };

/** Operators by the name they go by in graphs and files. */
export const ops: { readonly [Name in OpName]: Op<Operators[Name]> } = {
  conv2d,
  batch_norm: batchNorm,
  add,
  sub,
  mul,
  div,
  maximum,
  clip,
  leaky_relu: leakyRelu,
  sigmoid,
  silu,
  mish,
  hard_sigmoid: hardSigmoid,
  hard_swish: hardSwish,
  sqrt,
  tanh,
  softmax,
  l2_normalize: l2Normalize,
  max_pool: maxPool,
  avg_pool: avgPool,
  concat,
  expand_depthwise: expandDepthwise,
  preactivated_pointwise: preactivatedPointwise,
  slice,
  pad,
  reshape,
  transpose,
  resize,
  unpack_rgba: unpackRgba,
  unpacked_conv2d: unpackedConv2d,
  planar_conv2d: planarConv2d,
};

/** The operator of a node whose type is not narrowed: its attributes have been checked by `infer`. */
export function opOf(name: OpName): Op<unknown> {
  return ops[name] as Op<unknown>;
}
