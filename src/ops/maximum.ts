/**
 * Element-wise maximum: Maxout takes it over slices of the channels (Goodfellow et al. 2013).
 *
 * @module
 */

import { MAXIMUM } from "../../asm/kernels.ts";
import { type BinaryAttrs, binaryOp } from "./binary.ts";
import type { Op } from "./op.ts";

/** Inputs: a of any shape, b of the same shape or one vector of a's channels. Output: clamp(max(a, b)). */
export const maximum: Op<BinaryAttrs> = binaryOp(
  { opcode: MAXIMUM, kernel: "maximum" },
  (a, b) => Math.max(a, b),
);
