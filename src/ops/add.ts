/**
 * Element-wise sum.
 *
 * @module
 */

import { ADD } from "../../asm/kernels.ts";
import { type BinaryAttrs, binaryOp } from "./binary.ts";
import type { Op } from "./op.ts";

/** Inputs: a of any shape, b of the same shape or one vector of a's channels. Output: clamp(a + b). */
export const add: Op<BinaryAttrs> = binaryOp({ opcode: ADD, kernel: "add" }, (a, b) => a + b);
