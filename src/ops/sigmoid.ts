/**
 * The logistic function.
 *
 * @module
 */

import { SIGMOID } from "../../asm/kernels.ts";
import { emitUnary } from "../kernels/elementwise.ts";
import { checkInputs, type Op } from "./op.ts";

/** Input: x of any shape. Output: 1 / (1 + e^-x). */
export const sigmoid: Op<Record<never, never>> = {
  infer(_attrs, inputs, where) {
    checkInputs(where, inputs, 1);
    return inputs[0];
  },

  reference(_attrs, [x]) {
    return x.data.map((value) => 1 / (1 + Math.exp(-value)));
  },

  lower(node) {
    emitUnary(
      { opcode: SIGMOID, kernel: "sigmoid" },
      node.input(0),
      node.output,
      undefined,
      "element-wise",
      node.emitter,
    );
  },
};
