/**
 * The hyperbolic tangent.
 *
 * @module
 */

import { TANH } from "../../asm/kernels.ts";
import type { Op } from "./op.ts";
import { type NoAttrs, unaryOp } from "./unary.ts";

/** Input: x of any shape. Output: tanh(x). */
export const tanh: Op<NoAttrs> = unaryOp(
  { opcode: TANH, kernel: "tanh" },
  (x) => Math.tanh(x),
);
