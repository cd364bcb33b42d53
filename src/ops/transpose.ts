/**
 * Permutation of axes.
 *
 * @module
 */

import { GraphError } from "../errors.ts";
import { axisStrides, emitStridedCopy, MAX_AXES } from "../kernels/strided_copy.ts";
import { elements, formatShape, type Shape } from "../tensor.ts";
import { checkInputs, type Op } from "./op.ts";

/** Attributes of `transpose`. */
export interface TransposeAttrs {
  /** For each axis of the output, the axis of the input it is. */
  readonly permutation: readonly number[];
}

/** Elements from one index of each axis to the next, in a dense tensor. */
function denseStrides(shape: Shape): number[] {
  return shape.map((_, axis) => elements(shape.slice(axis + 1)));
}

/** Input: x of up to 5 axes. Output: y[i_p0, i_p1, ...] = x[i_0, i_1, ...]. */
export const transpose: Op<TransposeAttrs> = {
  infer({ permutation }, inputs, where) {
    checkInputs(where, inputs, 1);
    const [x] = inputs;
    const legal = Array.isArray(permutation) && permutation.length === x.length &&
      x.every((_, axis) => permutation.includes(axis));
    if (!legal || x.length > MAX_AXES) {
      throw new GraphError(
        `Cannot run ${where}: permutation is ${JSON.stringify(permutation)} for ${
          formatShape(x)
        }, wanted each of its axes once, at most ${MAX_AXES}`,
      );
    }
    return permutation.map((axis) => x[axis]);
  },

  reference({ permutation }, [x], output) {
    const strides = denseStrides(x.shape);
    const outStrides = denseStrides(output);
    return Float32Array.from({ length: elements(output) }, (_, i) => {
      const from = permutation.reduce(
        (sum, axis, to) => sum + (Math.floor(i / outStrides[to]) % output[to]) * strides[axis],
        0,
      );
      return x.data[from];
    });
  },

  lower({ attrs: { permutation }, input, output, emitter }) {
    const x = input(0);
    const strides = axisStrides(x);
    emitStridedCopy(
      x.address,
      permutation.map((axis) => strides[axis]),
      output.address,
      axisStrides(output),
      output.shape,
      `axes ${permutation.join()}`,
      emitter,
    );
  },
};
