/**
 * A constant border around a tensor.
 *
 * @module
 */

import { GraphError } from "../errors.ts";
import { emitCopy } from "../kernels/elementwise.ts";
import { axisStrides, emitStridedCopy, MAX_AXES } from "../kernels/strided_copy.ts";
import { channelsOf, elements } from "../tensor.ts";
import { checkInputs, checkIntegers, type Op } from "./op.ts";

/** Attributes of `pad`: one entry an axis. */
export interface PadAttrs {
  /** Values added in front. */
  readonly before: readonly number[];
  /** Values added behind. */
  readonly after: readonly number[];
  /** Value of the border. */
  readonly value: number;
}

/** Input: x of up to 5 axes. Output: x inside a border of `value`. */
export const pad: Op<PadAttrs> = {
  infer({ before, after, value }, inputs, where) {
    checkInputs(where, inputs, 1);
    const [x] = inputs;
    checkIntegers(where, "before", before, x.length, 0);
    checkIntegers(where, "after", after, x.length, 0);
    if (typeof value !== "number" || x.length > MAX_AXES) {
      throw new GraphError(
        `Cannot run ${where}: value is ${value}, wanted a number; at most ${MAX_AXES} axes`,
      );
    }
    return x.map((n, axis) => before[axis] + n + after[axis]);
  },

  reference({ before, value }, [x], output) {
    const y = new Float32Array(elements(output)).fill(value);
    const strides = output.map((_, axis) => elements(output.slice(axis + 1)));
    const inner = x.shape.map((_, axis) => elements(x.shape.slice(axis + 1)));
    x.data.forEach((v, i) => {
      const to = strides.reduce(
        (sum, stride, axis) => sum + (before[axis] + Math.floor(i / inner[axis]) % x.shape[axis]) * stride,
        0,
      );
      y[to] = v;
    });
    return y;
  },

  lower({ attrs: { before, value }, input, output, emitter }) {
    const x = input(0);
    const channels = channelsOf(output.shape);
    const border = emitter.constant(channels, (to) => to.fill(value));
    emitCopy({ address: border, shape: output.shape, stride: 0 }, output, "border", emitter);
    const strides = axisStrides(output);
    const { region, offset } = output.address;
    const inside = before.reduce((sum, n, axis) => sum + n * strides[axis], offset);
    emitStridedCopy(
      x.address,
      axisStrides(x),
      { region, offset: inside },
      strides,
      x.shape,
      "interior",
      emitter,
    );
  },
};
