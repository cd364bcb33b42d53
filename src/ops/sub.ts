/**
 * Element-wise difference.
 *
 * @module
 */

import { SUB } from "../../asm/kernels.ts";
import { type BinaryAttrs, binaryOp } from "./binary.ts";
import type { Op } from "./op.ts";

/** Inputs: a of any shape, b of the same shape or one vector of a's channels. Output: clamp(a - b). */
export const sub: Op<BinaryAttrs> = binaryOp({ opcode: SUB, kernel: "sub" }, (a, b) => a - b);
