/**
 * Clamp to limits: ReLU is `{ lo: 0 }`, ReLU6 `{ lo: 0, hi: 6 }`.
 *
 * @module
 */

import { CLIP } from "../../asm/kernels.ts";
import { emitUnary } from "../kernels/elementwise.ts";
import type { Limits } from "../kernels/emitter.ts";
import { checkInputs, checkLimits, limit, type Op } from "./op.ts";

/** Input: x of any shape. Output: min(max(x, lo), hi). */
export const clip: Op<Limits> = {
  infer(attrs, inputs, where) {
    checkInputs(where, inputs, 1);
    checkLimits(where, attrs);
    return inputs[0];
  },

  reference(attrs, [x]) {
    return x.data.map((value) => limit(value, attrs));
  },

  lower(node) {
    emitUnary(
      { opcode: CLIP, kernel: "clip" },
      node.input(0),
      node.output,
      node.attrs,
      "not fused",
      node.emitter,
    );
  },
};
