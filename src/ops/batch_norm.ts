/**
 * Batch normalisation with fixed statistics (Ioffe and Szegedy 2015, algorithm 2).
 *
 * @module
 */

import { GraphError } from "../errors.ts";
import { emitDepthwise } from "../kernels/depthwise.ts";
import type { Limits, View } from "../kernels/emitter.ts";
import { channelsOf, formatShape, rowsOf, sameShape, type Tensor } from "../tensor.ts";
import { checkInputs, checkLimits, limit, type Op } from "./op.ts";

/** Attributes of `batch_norm`. */
export interface BatchNormAttrs {
  /** Added to the variance. */
  readonly epsilon: number;
  /** Clamp of the output. */
  readonly limits?: Limits;
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
    checkLimits(where, attrs.limits);
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

  clamps: true,

  reference(attrs, [x, gamma, beta, mean, variance]) {
    const channels = channelsOf(x.shape);
    return x.data.map((value, i) => {
      const c = i % channels;
      const normal = (value - mean.data[c]) / Math.sqrt(variance.data[c] + attrs.epsilon);
      return limit(gamma.data[c] * normal + beta.data[c], attrs.limits);
    });
  },

  lower(node) {
    const [gamma, beta, mean, variance] = [1, 2, 3, 4].map((i) => node.constant(i));
    if (!gamma || !beta || !mean || !variance) {
      throw new GraphError("Cannot compile batch_norm: a statistic is computed, wanted constants");
    }
    const { scale, offset } = batchNormAffine(node.attrs.epsilon, gamma, beta, mean, variance);
    const x = node.input(0), channels = channelsOf(x.shape);
    // One multiply-add a value: a depthwise convolution of 1x1.
    const plane = (view: View): View => ({
      ...view,
      shape: x.shape.length === 4 ? x.shape : [1, rowsOf(x.shape), 1, channels],
    });
    emitDepthwise(
      plane(x),
      { kernel: [1, 1], strides: [1, 1], padding: [0, 0, 0, 0], dilations: [1, 1] },
      { weight: Float32Array.from(scale), bias: Float32Array.from(offset) },
      plane(node.output),
      { limits: node.attrs.limits },
      "one multiply-add a value",
      node.emitter,
    );
  },
};
