/**
 * The square root.
 *
 * @module
 */

import { SQRT } from "../../asm/kernels.ts";
import type { Op } from "./op.ts";
import { type NoAttrs, unaryOp } from "./unary.ts";

/** Input: x of any shape. Output: sqrt(x), not a number below zero. */
export const sqrt: Op<NoAttrs> = unaryOp({ opcode: SQRT, kernel: "sqrt" }, (x) => Math.sqrt(x));
