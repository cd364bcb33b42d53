/**
 * Element-wise quotient.
 *
 * @module
 */

import { DIV } from "../../asm/kernels.ts";
import { type BinaryAttrs, binaryOp } from "./binary.ts";
import type { Op } from "./op.ts";

/** Inputs: a of any shape, b of the same shape or one vector of a's channels. Output: clamp(a / b). */
export const div: Op<BinaryAttrs> = binaryOp({ opcode: DIV, kernel: "div" }, (a, b) => a / b);
