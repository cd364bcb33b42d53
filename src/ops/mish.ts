/**
 * Mish (Misra 2019).
 *
 * @module
 */

import { MISH } from "../../asm/kernels.ts";
import { type NoAttrs, type UnaryOp, unaryOp } from "./unary.ts";

/** Input: x of any shape. Output: x * tanh(ln(1 + e^x)). */
export const mish: UnaryOp<NoAttrs> = unaryOp(
  { opcode: MISH, kernel: "mish" },
  (x) => x * Math.tanh(Math.log1p(Math.exp(x))),
);
