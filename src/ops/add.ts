/**
 * Element-wise sum.
 *
 * @module
 */

import { ADD } from "../../asm/kernels.ts";
import { emitBinary } from "../kernels/elementwise.ts";
import type { Limits } from "../kernels/emitter.ts";
import { checkInputs, checkLimits, checkOperands, limit, type Op } from "./op.ts";

/** Attributes of `add`. */
export interface AddAttrs {
  /** Clamp of the sum. */
  readonly limits?: Limits;
}

/** Inputs: a of any shape, b of the same shape or one vector of a's channels. Output: clamp(a + b). */
export const add: Op<AddAttrs> = {
  clamps: true,

  infer(attrs, inputs, where) {
    checkInputs(where, inputs, 2);
    checkOperands(where, inputs[0], inputs[1]);
    checkLimits(where, attrs.limits);
    return inputs[0];
  },

  reference(attrs, [a, b]) {
    return a.data.map((value, i) => limit(value + b.data[i % b.data.length], attrs.limits));
  },

  lower(node) {
    emitBinary(
      { opcode: ADD, kernel: "add" },
      node.input(0),
      node.input(1),
      node.output,
      node.attrs.limits,
      node.emitter,
    );
  },
};
