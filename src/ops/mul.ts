/**
 * Element-wise product.
 *
 * @module
 */

import { MUL } from "../../asm/kernels.ts";
import { type BinaryAttrs, binaryOp } from "./binary.ts";
import type { Op } from "./op.ts";

/** Inputs: a of any shape, b of the same shape or one vector of a's channels. Output: clamp(a * b). */
export const mul: Op<BinaryAttrs> = binaryOp({ opcode: MUL, kernel: "mul" }, (a, b) => a * b);
