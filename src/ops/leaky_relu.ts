/**
 * Leaky ReLU (Maas et al. 2013).
 *
 * @module
 */

import { LEAKY_RELU } from "../../asm/kernels.ts";
import { type UnaryOp, unaryOp } from "./unary.ts";

/** Attributes of `leaky_relu`. */
export interface LeakyReluAttrs {
  /** Slope below zero. */
  readonly alpha: number;
}

/** Input: x of any shape. Output: x, or alpha * x below zero. */
export const leakyRelu: UnaryOp<LeakyReluAttrs> = unaryOp(
  { opcode: LEAKY_RELU, kernel: "leaky_relu" },
  (x, { alpha }) => x < 0 ? alpha * x : x,
  ({ alpha }) => [alpha, 0],
);
