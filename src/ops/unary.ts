/**
 * What the element-wise operators of one tensor share.
 *
 * @module
 */

import { GraphError } from "../errors.ts";
import { type ElementwiseKernel, emitUnary } from "../kernels/elementwise.ts";
import { checkInputs, type Op } from "./op.ts";

/** An operator without attributes. */
export type NoAttrs = Record<never, never>;

/** An operator that applies a function to every value. */
export interface UnaryOp<Attrs> extends Op<Attrs> {
  readonly kernel: ElementwiseKernel;
  /** The function. */
  f(x: number, attrs: Attrs): number;
  /** What its kernel takes from the attributes. */
  parameters(attrs: Attrs): readonly [a: number, b: number];
}

/** An operator that applies `f` to every value; its kernel takes up to two parameters from the attributes. */
export function unaryOp<Attrs>(
  kernel: ElementwiseKernel,
  f: (x: number, attrs: Attrs) => number,
  parameters: (attrs: Attrs) => readonly [a: number, b: number] = () => [0, 0],
): UnaryOp<Attrs> {
  return {
    kernel,
    f,
    parameters,
    infer(attrs, inputs, where) {
      checkInputs(where, inputs, 1);
      if (parameters(attrs).some((value) => typeof value !== "number" || Number.isNaN(value))) {
        throw new GraphError(`Cannot run ${where}: attributes are ${JSON.stringify(attrs)}, wanted numbers`);
      }
      return inputs[0];
    },
    reference: (attrs, [x]) => x.data.map((value) => f(value, attrs)),
    lower: (node) => emitUnary(kernel, node.input(0), node.output, parameters(node.attrs), node.emitter),
  };
}
