/**
 * A batch normalisation, clamped or not, and the pointwise convolution behind it, as one: pre-activation (He et al. 2016, "Identity Mappings in Deep Residual Networks",
 * section 4.1; Huang et al. 2017, "Densely Connected Convolutional Networks", section 3). Made by the pass `fuse_preactivation`, by no reader.
 *
 * @module
 */

import { GraphError } from "../errors.ts";
import type { Limits } from "../kernels/emitter.ts";
import { emitPreactivatedPointwise } from "../kernels/preactivated_pointwise.ts";
import { emitStrassen, waysOfProduct } from "../kernels/strassen.ts";
import { formatShape, rowsOf } from "../tensor.ts";
import { kernelOf } from "./activation.ts";
import { batchNorm, batchNormAffine, type BatchNormAttrs } from "./batch_norm.ts";
import { conv2d, type Conv2dAttrs, isPointwise } from "./conv2d.ts";
import type { Op } from "./op.ts";

/** Attributes of `preactivated_pointwise`: those of the convolution, and of the normalisation before it. */
export interface PreactivatedPointwiseAttrs extends Conv2dAttrs {
  /** Epsilon of the normalisation. */
  readonly normEpsilon: number;
  /** Clamp of what is normalised. */
  readonly normLimits?: Limits;
}

/** Attributes of the normalisation. */
function normAttrs({ normEpsilon, normLimits }: PreactivatedPointwiseAttrs): BatchNormAttrs {
  return { epsilon: normEpsilon, limits: normLimits };
}

/** Inputs of the normalisation; behind them come those of the convolution but the first. */
const NORM_INPUTS = 5;

/**
 * Inputs: x `[n, h, w, c]`, gamma, beta, mean and variance, each `[c]` and constant, weight `[1, 1, c, o]` (constant), bias `[o]` (constant, optional), residual of the
 * output's shape (optional, after a bias). Output: `[n, h, w, o]`.
 */
export const preactivatedPointwise: Op<PreactivatedPointwiseAttrs> = {
  infer(attrs, inputs, where) {
    const x = batchNorm.infer(normAttrs(attrs), inputs.slice(0, NORM_INPUTS), where);
    const output = conv2d.infer(attrs, [x, ...inputs.slice(NORM_INPUTS)], where);
    const weight = inputs[NORM_INPUTS];
    if (!isPointwise(attrs, weight)) {
      const { strides, padding, groups } = attrs;
      throw new GraphError(
        `Cannot run ${where}: weight is ${formatShape(weight)}, ${
          JSON.stringify({ strides, padding, groups })
        }, wanted a pointwise convolution`,
      );
    }
    return output;
  },

  macs(attrs, inputs, output) {
    return conv2d.macs!(attrs, [inputs[0], ...inputs.slice(NORM_INPUTS)], output);
  },

  reference(attrs, inputs, output) {
    const { shape } = inputs[0];
    const data = batchNorm.reference(normAttrs(attrs), inputs.slice(0, NORM_INPUTS), shape);
    return conv2d.reference(attrs, [{ shape, data }, ...inputs.slice(NORM_INPUTS)], output);
  },

  lower({ attrs, input, constant, inputs, output, emitter, choose }) {
    const [gamma, beta, mean, variance, weight, bias] = [1, 2, 3, 4, 5, 6].map((index) => {
      const tensor = constant(index);
      if (!tensor && index < inputs) {
        throw new GraphError(
          `Cannot compile preactivated_pointwise: input ${index} is computed, wanted a constant`,
        );
      }
      return tensor!;
    });
    const [, , k, n] = weight.shape;
    const x = input(0);
    const residual = inputs > NORM_INPUTS + 2 ? input(NORM_INPUTS + 2) : undefined;
    const epilogue = { residual, limits: attrs.limits, activation: kernelOf(attrs.activation) };
    const weights = { data: weight.data, columns: n, column: 0, k, n, bias: bias?.data };
    const affine = batchNormAffine(attrs.normEpsilon, gamma, beta, mean, variance);
    const plain = "1x1, stride 1: rows of A are normalised tile by tile";
    const { arch } = emitter.host;
    const { halves, reason } = choose(
      waysOfProduct(rowsOf(x.shape), k, n, residual !== undefined, arch, plain),
    );
    if (halves) {
      const norm = { affine, limits: attrs.normLimits };
      emitStrassen(x, weights, output, epilogue, reason, emitter, norm);
    } else {
      emitPreactivatedPointwise(x, affine, attrs.normLimits, weights, output, epilogue, reason, emitter);
    }
  },
};
