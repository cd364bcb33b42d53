/**
 * Clamp to limits: ReLU is `{ lo: 0 }`, ReLU6 `{ lo: 0, hi: 6 }`.
 *
 * @module
 */

import { CLIP } from "../../asm/kernels.ts";
import type { Limits } from "../kernels/emitter.ts";
import { checkLimits, limit, type Op } from "./op.ts";
import { unaryOp } from "./unary.ts";

const base = unaryOp<Limits>(
  { opcode: CLIP, kernel: "clip" },
  limit,
  ({ lo, hi }) => [lo ?? -Infinity, hi ?? Infinity],
);

/** Input: x of any shape. Output: min(max(x, lo), hi). */
export const clip: Op<Limits> = {
  ...base,
  infer(attrs, inputs, where) {
    checkLimits(where, attrs);
    return base.infer(attrs, inputs, where);
  },
};
