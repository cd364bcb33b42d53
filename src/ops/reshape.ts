/**
 * The same values as another shape: free, unless the memory is already claimed elsewhere.
 *
 * @module
 */

import { GraphError } from "../errors.ts";
import { emitCopy } from "../kernels/elementwise.ts";
import { type Emitter, subview, type View } from "../kernels/emitter.ts";
import { emitStridedCopy } from "../kernels/strided_copy.ts";
import { channelsOf, elements, formatShape, type Shape } from "../tensor.ts";
import { checkInputs, type Op } from "./op.ts";

/** Attributes of `reshape`. */
export interface ReshapeAttrs {
  /** The output's shape. */
  readonly shape: Shape;
}

/** Input: x of any shape. Output: its values in the same order, as `shape`. */
export const reshape: Op<ReshapeAttrs> = {
  infer({ shape }, inputs, where) {
    checkInputs(where, inputs, 1);
    const extents: unknown[] = Array.isArray(shape) ? shape : [];
    if (
      extents.length < 1 || extents.length > 8 || !extents.every((n) => Number.isInteger(n) && Number(n) > 0)
    ) {
      throw new GraphError(
        `Cannot run ${where}: shape is ${JSON.stringify(shape)}, wanted 1 to 8 positive integers`,
      );
    }
    if (elements(shape) !== elements(inputs[0])) {
      throw new GraphError(
        `Cannot run ${where}: ${formatShape(inputs[0])} does not hold as many values as ${
          formatShape(shape)
        }`,
      );
    }
    return shape;
  },

  reference(_attrs, [x]) {
    return x.data.slice();
  },

  alias: () => ({ kind: "same_values" }),

  lower(node) {
    const from = node.input(0), to = node.output;
    if (from.address.region === to.address.region && from.address.offset === to.address.offset) return;
    emitRuns(from, to, node.emitter);
  },
};

/** Copies values in order between rows of different lengths: in one command where a row of one side holds whole rows of the other, else piece by piece. */
function emitRuns(from: View, to: View, emitter: Emitter): void {
  const count = elements(to.shape);
  const a = channelsOf(from.shape), b = channelsOf(to.shape);
  const run = Math.min(a, b), longer = Math.max(a, b);
  if (longer % run === 0) {
    const rows = count / longer, runs = longer / run;
    const strides = ({ stride }: View, channels: number) =>
      channels === longer ? [stride, run * 4, 4] : [runs * stride, stride, 4];
    emitStridedCopy(
      from.address,
      strides(from, a),
      to.address,
      strides(to, b),
      [rows, runs, run],
      "memory claimed elsewhere",
      emitter,
    );
    return;
  }
  for (let at = 0; at < count;) {
    const piece = Math.min(a - at % a, b - at % b);
    const source = subview(from, Math.floor(at / a), at % a, [1, piece]);
    const target = subview(to, Math.floor(at / b), at % b, [1, piece]);
    emitCopy(source, target, "memory claimed elsewhere", emitter);
    at += piece;
  }
}
