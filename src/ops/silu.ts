/**
 * SiLU, also called swish (Elfwing et al. 2018).
 *
 * @module
 */

import { SILU } from "../../asm/kernels.ts";
import { type NoAttrs, type UnaryOp, unaryOp } from "./unary.ts";

/** Input: x of any shape. Output: x * sigmoid(x). */
export const silu: UnaryOp<NoAttrs> = unaryOp(
  { opcode: SILU, kernel: "silu" },
  (x) => x / (1 + Math.exp(-x)),
);
