/**
 * The hyperbolic tangent.
 *
 * @module
 */

import { TANH } from "../../asm/kernels.ts";
import { type NoAttrs, type UnaryOp, unaryOp } from "./unary.ts";

/** Input: x of any shape. Output: tanh(x). */
export const tanh: UnaryOp<NoAttrs> = unaryOp(
  { opcode: TANH, kernel: "tanh" },
  (x) => Math.tanh(x),
);
