/**
 * The logistic function.
 *
 * @module
 */

import { SIGMOID } from "../../asm/kernels.ts";
import { type NoAttrs, type UnaryOp, unaryOp } from "./unary.ts";

/** Input: x of any shape. Output: 1 / (1 + e^-x). */
export const sigmoid: UnaryOp<NoAttrs> = unaryOp(
  { opcode: SIGMOID, kernel: "sigmoid" },
  (x) => 1 / (1 + Math.exp(-x)),
);
