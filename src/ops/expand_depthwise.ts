/**
 * A pointwise convolution and the depthwise one behind it, as one: the beginning of an inverted residual (Sandler et al. 2018, "MobileNetV2", section 3.3). Made by the
 * pass `fuse_expand`, by no reader.
 *
 * @module
 */

import { GraphError } from "../errors.ts";
import type { Window } from "../geometry.ts";
import type { Limits } from "../kernels/emitter.ts";
import { emitExpandDepthwise } from "../kernels/expand_depthwise.ts";
import { elements, formatShape, type Shape, type Tensor } from "../tensor.ts";
import { type Activation, kernelOf } from "./activation.ts";
import { conv2d, type Conv2dAttrs } from "./conv2d.ts";
import { checkInputs, type Op } from "./op.ts";

/** Attributes of `expand_depthwise`: those of the depthwise convolution, and the clamp or activation between the two. */
export interface ExpandDepthwiseAttrs extends Conv2dAttrs {
  /** Clamp of the expanded tensor. */
  readonly expandLimits?: Limits;
  /** Function of the expanded tensor in place of a clamp. */
  readonly expandActivation?: Activation;
}

/** Attributes of the pointwise convolution. */
function expandAttrs({ expandLimits, expandActivation }: ExpandDepthwiseAttrs): Conv2dAttrs {
  return {
    strides: [1, 1],
    padding: [0, 0, 0, 0],
    dilations: [1, 1],
    groups: 1,
    limits: expandLimits,
    activation: expandActivation,
  };
}

/** Inputs: x `[n, h, w, k]`, weights `[1, 1, k, c]`, bias `[c]`, filters `[kh, kw, 1, c]`, bias `[c]`. Output: `[n, oh, ow, c]`. */
export const expandDepthwise: Op<ExpandDepthwiseAttrs> = {
  infer(attrs, inputs, where) {
    checkInputs(where, inputs, 5);
    const [x, expand, expandBias, filter, bias] = inputs;
    const wide = conv2d.infer(expandAttrs(attrs), [x, expand, expandBias], where);
    const output = conv2d.infer(attrs, [wide, filter, bias], where);
    if (expand[0] !== 1 || expand[1] !== 1 || attrs.groups !== wide[3] || filter[3] !== wide[3]) {
      throw new GraphError(
        `Cannot run ${where}: weights are ${formatShape(expand)} and ${
          formatShape(filter)
        } in ${attrs.groups} groups, wanted 1x1 and one filter a channel`,
      );
    }
    return output;
  },

  macs(_attrs, [x, expand, , filter], output) {
    return x[0] * x[1] * x[2] * expand[2] * expand[3] + elements(output) * filter[0] * filter[1];
  },

  reference(attrs, [x, expand, expandBias, filter, bias], output) {
    const shape: Shape = [x.shape[0], x.shape[1], x.shape[2], expand.shape[3]];
    const wide: Tensor = {
      shape,
      data: conv2d.reference(expandAttrs(attrs), [x, expand, expandBias], shape),
    };
    return conv2d.reference(attrs, [wide, filter, bias], output);
  },

  lower({ attrs, input, constant, output, emitter }) {
    const [expand, expandBias, filter, bias] = [1, 2, 3, 4].map((index) => {
      const tensor = constant(index);
      if (!tensor) {
        throw new GraphError(
          `Cannot compile expand_depthwise: input ${index} is computed, wanted a constant`,
        );
      }
      return tensor;
    });
    const [, , k, n] = expand.shape;
    const window: Window = { ...attrs, kernel: [filter.shape[0], filter.shape[1]] };
    emitExpandDepthwise(
      input(0),
      { data: expand.data, columns: n, column: 0, k, n, bias: expandBias.data },
      { limits: attrs.expandLimits, activation: kernelOf(attrs.expandActivation) },
      window,
      { weight: filter.data, bias: bias.data },
      output,
      { limits: attrs.limits, activation: kernelOf(attrs.activation) },
      `the ${formatShape([input(0).shape[1], input(0).shape[2], n])} map between would not stay in cache`,
      emitter,
    );
  },
};
