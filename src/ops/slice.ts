/**
 * Part of a tensor: free where it is a range of channels, or of rows that lie together.
 *
 * @module
 */

import { GraphError } from "../errors.ts";
import { axisStrides, emitStridedCopy, MAX_AXES } from "../kernels/strided_copy.ts";
import { elements, formatShape, type Shape } from "../tensor.ts";
import { checkInputs, type Op, type Placement } from "./op.ts";

/** Attributes of `slice`: one entry an axis. */
export interface SliceAttrs {
  /** First index taken. */
  readonly starts: readonly number[];
  /** How many indices are taken. */
  readonly sizes: readonly number[];
  /** From one index taken to the next; 1 where left out. */
  readonly steps?: readonly number[];
}

function stepsOf({ starts, steps }: SliceAttrs): readonly number[] {
  return steps ?? starts.map(() => 1);
}

/** Where the part lies, if its rows are rows of the input one after the other. */
function placementOf(attrs: SliceAttrs, [x]: readonly Shape[]): Placement | undefined {
  const { starts, sizes } = attrs;
  if (stepsOf(attrs).some((step, axis) => step !== 1 && sizes[axis] !== 1)) return undefined;
  const outer = x.slice(0, -1);
  const firstWide = outer.findIndex((_, axis) => sizes[axis] !== 1);
  const whole = outer.every((n, axis) => firstWide < 0 || axis <= firstWide || sizes[axis] === n);
  if (!whole) return undefined;
  const row = outer.reduce((sum, n, axis) => sum * n + starts[axis], 0);
  return { row, column: starts[x.length - 1] };
}

/** Input: x of up to 5 axes. Output: x[start], x[start + step], ... along each axis. */
export const slice: Op<SliceAttrs> = {
  infer(attrs, inputs, where) {
    checkInputs(where, inputs, 1);
    const [x] = inputs;
    const { starts, sizes, steps = x.map(() => 1) } = attrs;
    const lists = [starts, sizes, steps].every((list) =>
      Array.isArray(list) && list.length === x.length && list.every(Number.isInteger)
    );
    const legal = lists && x.every((n, axis) =>
      starts[axis] >= 0 && sizes[axis] >= 1 && steps[axis] >= 1 &&
      starts[axis] + (sizes[axis] - 1) * steps[axis] < n
    );
    if (!legal || x.length > MAX_AXES) {
      throw new GraphError(
        `Cannot run ${where}: ${JSON.stringify(attrs)} does not lie within ${formatShape(x)}`,
      );
    }
    return sizes;
  },

  reference(attrs, [x], output) {
    const strides = x.shape.map((_, axis) => elements(x.shape.slice(axis + 1)));
    const outStrides = output.map((_, axis) => elements(output.slice(axis + 1)));
    const steps = stepsOf(attrs);
    return Float32Array.from({ length: elements(output) }, (_, i) => {
      const from = strides.reduce((sum, stride, axis) => {
        const index = Math.floor(i / outStrides[axis]) % output[axis];
        return sum + (attrs.starts[axis] + index * steps[axis]) * stride;
      }, 0);
      return x.data[from];
    });
  },

  alias(attrs, inputs) {
    const part = placementOf(attrs, inputs);
    return part && { kind: "output_in_input", part };
  },

  lower(node) {
    const { attrs, output, emitter } = node;
    const x = node.input(0);
    const strides = axisStrides(x);
    const offset = attrs.starts.reduce((sum, start, axis) => sum + start * strides[axis], x.address.offset);
    const { region } = x.address;
    if (
      placementOf(attrs, [x.shape]) && region === output.address.region && offset === output.address.offset
    ) return;
    emitStridedCopy(
      { region, offset },
      stepsOf(attrs).map((step, axis) => step * strides[axis]),
      output.address,
      axisStrides(output),
      output.shape,
      "parts do not lie together",
      emitter,
    );
  },
};
