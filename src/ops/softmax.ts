/**
 * Softmax over the last axis.
 *
 * @module
 */

import { SOFTMAX } from "../../asm/kernels.ts";
import { emitVectors } from "../kernels/elementwise.ts";
import { channelsOf } from "../tensor.ts";
import { checkInputs, type Op } from "./op.ts";

/** Input: x `[..., c]`. Output: e^(x - max) / sum over each vector of the last axis. */
export const softmax: Op<Record<never, never>> = {
  infer(_attrs, inputs, where) {
    checkInputs(where, inputs, 1);
    return inputs[0];
  },

  reference(_attrs, [x]) {
    const channels = channelsOf(x.shape);
    const y = new Float32Array(x.data.length);
    for (let row = 0; row < x.data.length; row += channels) {
      const values = x.data.subarray(row, row + channels);
      const peak = values.reduce((a, b) => Math.max(a, b), -Infinity);
      const sum = values.reduce((total, value) => total + Math.exp(value - peak), 0);
      values.forEach((value, c) => y[row + c] = Math.exp(value - peak) / sum);
    }
    return y;
  },

  lower(node) {
    emitVectors({ opcode: SOFTMAX, kernel: "softmax" }, node.input(0), node.output, [], node.emitter);
  },
};
