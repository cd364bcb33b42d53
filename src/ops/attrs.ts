/**
 * The attributes of all operators, one line each.
 *
 * @module
 */

import type { Limits } from "../kernels/emitter.ts";
import type { Activation, ActivationAttrs, ActivationName } from "./activation.ts";
import type { BatchNormAttrs } from "./batch_norm.ts";
import type { BinaryAttrs } from "./binary.ts";
import type { ConcatAttrs } from "./concat.ts";
import type { Conv2dAttrs } from "./conv2d.ts";
import type { ExpandDepthwiseAttrs } from "./expand_depthwise.ts";
import type { HardSigmoidAttrs } from "./hard_sigmoid.ts";
import type { L2NormalizeAttrs } from "./l2_normalize.ts";
import type { LeakyReluAttrs } from "./leaky_relu.ts";
import type { PadAttrs } from "./pad.ts";
import type { AvgPoolAttrs, PoolAttrs } from "./pool.ts";
import type { PreactivatedPointwiseAttrs } from "./preactivated_pointwise.ts";
import type { ReshapeAttrs } from "./reshape.ts";
import type { ResizeAttrs } from "./resize.ts";
import type { SliceAttrs } from "./slice.ts";
import type { TransposeAttrs } from "./transpose.ts";
import type { NoAttrs } from "./unary.ts";
import type { UnpackedConv2dAttrs } from "./unpacked_conv2d.ts";
import type { UnpackRgbaAttrs } from "./unpack_rgba.ts";

/** Attributes of every operator, by the name it goes by in graphs and files. */
export type Operators = {
  readonly conv2d: Conv2dAttrs;
  readonly batch_norm: BatchNormAttrs;
  readonly add: BinaryAttrs;
  readonly sub: BinaryAttrs;
  readonly mul: BinaryAttrs;
  readonly div: BinaryAttrs;
  readonly maximum: BinaryAttrs;
  readonly clip: Limits;
  readonly leaky_relu: LeakyReluAttrs;
  readonly sigmoid: NoAttrs;
  readonly silu: NoAttrs;
  readonly mish: NoAttrs;
  readonly hard_sigmoid: HardSigmoidAttrs;
  readonly hard_swish: NoAttrs;
  readonly sqrt: NoAttrs;
  readonly tanh: NoAttrs;
  readonly softmax: NoAttrs;
  readonly l2_normalize: L2NormalizeAttrs;
  readonly max_pool: PoolAttrs;
  readonly avg_pool: AvgPoolAttrs;
  readonly concat: ConcatAttrs;
  readonly expand_depthwise: ExpandDepthwiseAttrs;
  readonly preactivated_pointwise: PreactivatedPointwiseAttrs;
  readonly slice: SliceAttrs;
  readonly pad: PadAttrs;
  readonly reshape: ReshapeAttrs;
  readonly transpose: TransposeAttrs;
  readonly resize: ResizeAttrs;
  readonly unpack_rgba: UnpackRgbaAttrs;
  readonly unpacked_conv2d: UnpackedConv2dAttrs;
  readonly planar_conv2d: Conv2dAttrs;
};

/** Name of an operator. */
export type OpName = keyof Operators;

/** Attributes of the operator of a name. */
export type AttrsOf<Name extends OpName> = Operators[Name];

export type { Coordinates, Rounding } from "./resize.ts";
export type {
  Activation,
  ActivationAttrs,
  ActivationName,
  AvgPoolAttrs,
  BatchNormAttrs,
  BinaryAttrs,
  ConcatAttrs,
  Conv2dAttrs,
  ExpandDepthwiseAttrs,
  HardSigmoidAttrs,
  L2NormalizeAttrs,
  LeakyReluAttrs,
  Limits,
  NoAttrs,
  PadAttrs,
  PoolAttrs,
  PreactivatedPointwiseAttrs,
  ReshapeAttrs,
  ResizeAttrs,
  SliceAttrs,
  TransposeAttrs,
  UnpackedConv2dAttrs,
  UnpackRgbaAttrs,
};
