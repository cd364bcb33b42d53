/**
 * Batch normalisation with fixed statistics (Ioffe and Szegedy 2015, algorithm 2).
 *
 * @module
 */

import { GraphError } from "../errors.ts";
import { ADD, MUL } from "../../asm/kernels.ts";
import { emitBinary } from "../kernels/elementwise.ts";
import { channelsOf, elements, formatShape, sameShape, type Tensor } from "../tensor.ts";
import { checkInputs, type Op } from "./op.ts";

/** Attributes of `batch_norm`. */
export interface BatchNormAttrs {
  /** Added to the variance. */
  readonly epsilon: number;
}

/** The normalisation as `x * scale + offset`, computed in f64: both `[c]`. */
export function batchNormAffine(
  epsilon: number,
  gamma: Tensor,
  beta: Tensor,
  mean: Tensor,
  variance: Tensor,
): { scale: Float64Array; offset: Float64Array } {
  const scale = Float64Array.from(gamma.data, (g, c) => g / Math.sqrt(variance.data[c] + epsilon));
  const offset = scale.map((s, c) => beta.data[c] - mean.data[c] * s);
  return { scale, offset };
}

/**
 * Inputs: x `[..., c]`, then gamma, beta, mean and variance, each `[c]` and constant. Output: gamma * (x - mean) / sqrt(variance + epsilon) + beta.
 */
export const batchNorm: Op<BatchNormAttrs> = {
  infer(attrs, inputs, where) {
    checkInputs(where, inputs, 5);
    if (!(attrs.epsilon >= 0 && attrs.epsilon < 1)) {
      throw new GraphError(`Cannot run ${where}: epsilon is ${attrs.epsilon}, wanted a number from 0 to 1`);
    }
    const channels = [channelsOf(inputs[0])];
    for (const shape of inputs.slice(1)) {
      if (!sameShape(shape, channels)) {
        throw new GraphError(
          `Cannot run ${where}: a statistic is ${formatShape(shape)}, input has ${channels[0]} channels`,
        );
      }
    }
    return inputs[0];
  },

  macs(_attrs, _inputs, output) {
    return elements(output);
  },

  reference(attrs, [x, gamma, beta, mean, variance]) {
    const channels = channelsOf(x.shape);
    return x.data.map((value, i) => {
      const c = i % channels;
      return gamma.data[c] * (value - mean.data[c]) / Math.sqrt(variance.data[c] + attrs.epsilon) +
        beta.data[c];
    });
  },

  lower(node) {
    const [gamma, beta, mean, variance] = [1, 2, 3, 4].map((i) => node.constant(i));
    if (!gamma || !beta || !mean || !variance) {
      throw new GraphError("Cannot compile batch_norm: a statistic is computed, wanted constants");
    }
    const { scale, offset } = batchNormAffine(node.attrs.epsilon, gamma, beta, mean, variance);
    const { output, emitter } = node;
    const vector = (values: Float64Array) => ({
      address: emitter.constant(values.length, (to) => to.set(values)),
      shape: [values.length],
      stride: values.length * 4,
    });
    emitBinary({ opcode: MUL, kernel: "mul" }, node.input(0), vector(scale), output, undefined, emitter);
    emitBinary({ opcode: ADD, kernel: "add" }, output, vector(offset), output, undefined, emitter);
  },
};
