/**
 * The same values as another shape: free, unless the memory is already claimed elsewhere.
 *
 * @module
 */

import { GraphError } from "../errors.ts";
import { emitCopy } from "../kernels/elementwise.ts";
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
    const stride = channelsOf(from.shape) === channelsOf(to.shape) ? from.stride : channelsOf(to.shape) * 4;
    emitCopy({ ...from, shape: to.shape, stride }, to, "memory claimed elsewhere", node.emitter);
  },
};
