/**
 * Concatenation along one axis: free where the producers can write into the output.
 *
 * @module
 */

import { GraphError } from "../errors.ts";
import { emitCopy } from "../kernels/elementwise.ts";
import { subview } from "../kernels/emitter.ts";
import { elements, formatShape, type Shape } from "../tensor.ts";
import { checkIntegers, type Op, type Placement } from "./op.ts";

/** Attributes of `concat`. */
export interface ConcatAttrs {
  /** From 0; the axes before it have extent 1 unless it is the last. */
  readonly axis: number;
}

function parts({ axis }: ConcatAttrs, inputs: readonly Shape[]): Placement[] {
  let start = 0;
  return inputs.map((shape) => {
    const last = axis === shape.length - 1;
    const part = last
      ? { row: 0, column: start }
      : { row: start * elements(shape.slice(axis + 1, -1)), column: 0 };
    start += shape[axis];
    return part;
  });
}

/** Inputs: tensors alike in all extents but that of `axis`. Output: one after the other along it. */
export const concat: Op<ConcatAttrs> = {
  infer({ axis }, inputs, where) {
    const [first] = inputs;
    if (first === undefined) throw new GraphError(`Cannot run ${where}: it has no inputs, wanted at least 1`);
    checkIntegers(where, "axis", [axis], 1, 0);
    if (axis >= first.length || (axis < first.length - 1 && first.slice(0, axis).some((n) => n !== 1))) {
      throw new GraphError(
        `Cannot run ${where}: axis is ${axis} of ${
          formatShape(first)
        }, wanted the last axis, or extents of 1 before it`,
      );
    }
    for (const shape of inputs) {
      if (shape.length !== first.length || shape.some((n, i) => i !== axis && n !== first[i])) {
        throw new GraphError(
          `Cannot run ${where}: inputs ${formatShape(first)} and ${
            formatShape(shape)
          } differ beside axis ${axis}`,
        );
      }
    }
    return first.map((n, i) => i === axis ? inputs.reduce((sum, shape) => sum + shape[axis], 0) : n);
  },

  reference({ axis }, inputs, output) {
    const outer = elements(output.slice(0, axis));
    const y = new Float32Array(elements(output));
    let at = 0;
    for (let i = 0; i < outer; i++) {
      for (const { shape, data } of inputs) {
        const run = elements(shape.slice(axis));
        y.set(data.subarray(i * run, (i + 1) * run), at);
        at += run;
      }
    }
    return y;
  },

  alias: (attrs, inputs) => ({ kind: "inputs_in_output", parts: parts(attrs, inputs) }),

  lower(node) {
    const views = Array.from({ length: node.inputs }, (_, i) => node.input(i));
    const placements = parts(node.attrs, views.map((view) => view.shape));
    views.forEach((from, i) => {
      const to = subview(node.output, placements[i].row, placements[i].column, from.shape);
      const { region, offset } = from.address;
      if (region === to.address.region && offset === to.address.offset && from.stride === to.stride) return;
      emitCopy(from, to, "producer cannot write in place", node.emitter);
    });
  },
};
