/**
 * Vectors of the last axis scaled to length 1 (Liu et al. 2015, "ParseNet", section 3.3).
 *
 * @module
 */

import { L2_NORMALIZE } from "../../asm/kernels.ts";
import { GraphError } from "../errors.ts";
import { emitVectors } from "../kernels/elementwise.ts";
import { channelsOf } from "../tensor.ts";
import { checkInputs, type Op } from "./op.ts";

/** Attributes of `l2_normalize`. */
export interface L2NormalizeAttrs {
  /** Added to the sum of squares. */
  readonly epsilon: number;
}

/** Input: x `[..., c]`. Output: x / sqrt(sum of squares over c + epsilon). */
export const l2Normalize: Op<L2NormalizeAttrs> = {
  infer({ epsilon }, inputs, where) {
    checkInputs(where, inputs, 1);
    if (!(epsilon >= 0)) {
      throw new GraphError(`Cannot run ${where}: epsilon is ${epsilon}, wanted a number of at least 0`);
    }
    return inputs[0];
  },

  reference({ epsilon }, [x]) {
    const channels = channelsOf(x.shape);
    return x.data.map((value, i) => {
      const first = i - i % channels;
      const squares = x.data.subarray(first, first + channels).reduce((sum, v) => sum + v * v, 0);
      return value / Math.sqrt(squares + epsilon);
    });
  },

  lower({ attrs, input, output, emitter }) {
    emitVectors(
      { opcode: L2_NORMALIZE, kernel: "l2_normalize" },
      input(0),
      output,
      [{ f32: attrs.epsilon }],
      emitter,
    );
  },
};
