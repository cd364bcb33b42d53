/**
 * What the element-wise operators of two tensors share.
 *
 * @module
 */

import { type ElementwiseKernel, emitBinary } from "../kernels/elementwise.ts";
import type { Limits } from "../kernels/emitter.ts";
import { checkInputs, checkLimits, checkOperands, limit, type Op } from "./op.ts";

/** Attributes of the element-wise operators of two tensors. */
export interface BinaryAttrs {
  /** Clamp of the output. */
  readonly limits?: Limits;
}

/** An operator that applies `f` to pairs of values: the second tensor has the shape of the first, or is one vector of its channels. */
export function binaryOp(kernel: ElementwiseKernel, f: (a: number, b: number) => number): Op<BinaryAttrs> {
  return {
    clamps: true,
    infer(attrs, inputs, where) {
      checkInputs(where, inputs, 2);
      checkOperands(where, inputs[0], inputs[1]);
      checkLimits(where, attrs.limits);
      return inputs[0];
    },
    reference: (attrs, [a, b]) =>
      a.data.map((value, i) => limit(f(value, b.data[i % b.data.length]), attrs.limits)),
    lower: ({ attrs, input, output, emitter }) =>
      emitBinary(kernel, input(0), input(1), output, attrs.limits, emitter),
  };
}
