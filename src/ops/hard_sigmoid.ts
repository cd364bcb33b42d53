/**
 * The piecewise linear sigmoid.
 *
 * @module
 */

import { HARD_SIGMOID } from "../../asm/kernels.ts";
import { type UnaryOp, unaryOp } from "./unary.ts";

/** Attributes of `hard_sigmoid`. */
export interface HardSigmoidAttrs {
  /** Slope; 1/6 in PyTorch, 0.2 by default in ONNX. */
  readonly alpha: number;
  /** Value at zero. */
  readonly beta: number;
}

/** Input: x of any shape. Output: alpha * x + beta, limited to [0, 1]. */
export const hardSigmoid: UnaryOp<HardSigmoidAttrs> = unaryOp(
  { opcode: HARD_SIGMOID, kernel: "hard_sigmoid" },
  (x, { alpha, beta }) => Math.min(Math.max(alpha * x + beta, 0), 1),
  ({ alpha, beta }) => [alpha, beta],
);
