/**
 * 2-D convolution, dense, grouped or depthwise, with bias, residual, clamp and activation.
 *
 * @module
 */

import { GraphError } from "../errors.ts";
import { outputPlane, type Padding, type Pair, type Window } from "../geometry.ts";
import { emitDepthwise, MOST_ROWS } from "../kernels/depthwise.ts";
import { type Arch, type Limits, subview } from "../kernels/emitter.ts";
import { emitGemm } from "../kernels/gemm.ts";
import { emitIm2col } from "../kernels/im2col.ts";
import { emitImplicitGemm, fitsImplicitGemm, paysImplicitGemm } from "../kernels/implicit_gemm.ts";
import type { GemmWeights } from "../kernels/panel.ts";
import { emitStrassen, type ProductWay, waysOfProduct } from "../kernels/strassen.ts";
import { emitWinograd, rateWinograd, type TileSize } from "../kernels/winograd.ts";
import { elements, formatShape, rowsOf, sameShape, type Shape, type Tensor } from "../tensor.ts";
import { activate, type Activation, checkActivation, kernelOf } from "./activation.ts";
import {
  checkInputs,
  checkIntegers,
  checkLimits,
  checkNhwc,
  limit,
  type Lowering,
  MAX_ELEMENTS,
  type Op,
} from "./op.ts";

/** Attributes of `conv2d`. */
export interface Conv2dAttrs {
  /** Input pixels from one output pixel to the next. */
  readonly strides: Pair;
  /** Zeros around the input: top, left, bottom, right. */
  readonly padding: Padding;
  /** Input pixels from one tap to the next. */
  readonly dilations: Pair;
  /** Input channels / groups meet output channels / groups; depthwise when equal to the input channels. */
  readonly groups: number;
  /** Clamp of the output, after bias and residual. */
  readonly limits?: Limits;
  /** Function of the output in place of a clamp. */
  readonly activation?: Activation;
}

/** Kernel families a convolution can run on. */
export type Conv2dStrategy = "gemm" | "im2col" | "implicit_gemm" | "depthwise" | "winograd";

/** A way to run a convolution: a kernel family, how it multiplies or the size of its tiles, and why. */
export type Conv2dWay =
  | { readonly strategy: Exclude<Conv2dStrategy, "winograd" | "gemm">; readonly reason: string }
  | ProductWay & { readonly strategy: "gemm" }
  | { readonly strategy: "winograd"; readonly size: TileSize; readonly reason: string };

/** Whether a convolution with `weight` `[kh, kw, c / groups, o]` multiplies every pixel, or each group of its channels, by one matrix. */
function takesPixels(attrs: Conv2dAttrs, [kh, kw]: Shape): boolean {
  return kh === 1 && kw === 1 && attrs.strides.every((s) => s === 1) && attrs.padding.every((p) => p === 0);
}

/** Whether it does so without groups. */
export function isPointwise(attrs: Conv2dAttrs, weight: Shape): boolean {
  return attrs.groups === 1 && takesPixels(attrs, weight);
}

/** Winograd is taken from this estimated gain over im2col on. */
const LEAST_GAIN = 1.15;

/**
 * All ways to run a convolution of `input` `[n, h, w, c]` with `weight` `[kh, kw, c / groups, o]`, and a residual or none, on a processor. The first one should be the
 * fastest, the others are in no order; all give the same values up to rounding.
 */
export function waysOfConv2d(
  attrs: Conv2dAttrs,
  input: Shape,
  weight: Shape,
  residual: boolean,
  arch: Arch,
): [Conv2dWay, ...Conv2dWay[]] {
  const [kh, kw, groupChannels, outputs] = weight, { groups } = attrs;
  const pixels = kh === 1 && kw === 1;
  const plain = `${kh}x${kw} over ${input[3]} channels`;
  const window = windowOf(attrs, weight), fits = fitsImplicitGemm(window);
  const im2col: Conv2dWay = {
    strategy: "im2col",
    reason: groups > 1 ? `${groups} groups, one after the other` : plain,
  };
  if (groupChannels === 1 && groups === outputs && groups > 1 && !residual) {
    return [{ strategy: "depthwise", reason: "one filter a channel" }, im2col];
  }
  const ofGroups: Conv2dWay = {
    strategy: "implicit_gemm",
    reason: `${groups} groups of ${groupChannels} channels`,
  };
  if (takesPixels(attrs, weight)) {
    const reason = groups > 1 ? `a product for each of ${groups} groups` : "pixels are rows of A";
    const [best, ...others] = waysOfProduct(
      rowsOf(input),
      groupChannels,
      outputs / groups,
      residual,
      arch,
      `1x1, stride 1: ${reason}`,
    ).map((way) => ({ strategy: "gemm", ...way }) as const);
    return [best, ...others, im2col, ...groups > 1 ? [ofGroups] : []];
  }
  if (groups > 1) {
    if (!fits) return [im2col];
    return pixels ? [im2col, ofGroups] : [ofGroups, im2col];
  }
  const unit = [...attrs.strides, ...attrs.dilations].every((s) => s === 1);
  const [oh, ow] = outputPlane([input[1], input[2]], window);
  const general = (reason: string): [Conv2dWay, ...Conv2dWay[]] => {
    const copied: Conv2dWay = { strategy: "im2col", reason };
    if (!fits) return [copied];
    const implicit: Conv2dWay = { strategy: "implicit_gemm", reason: `${reason}, rows of ${ow}` };
    return paysImplicitGemm(window, input[3], outputs, ow) ? [implicit, copied] : [copied, implicit];
  };
  if (kh !== 3 || kw !== 3 || !unit) return general(plain);
  const gains = rateWinograd([input[0], oh, ow], input[3], outputs, arch);
  const winograd = gains.map(({ size, gain }): Conv2dWay => ({
    strategy: "winograd",
    size,
    reason: `${plain}: about ${gain.toFixed(1)} times as fast as im2col`,
  }));
  return gains[0].gain >= LEAST_GAIN
    ? [winograd[0], winograd[1], ...general(plain)]
    : [...general(`${plain}: Winograd would not pay`), ...winograd];
}

/** The window of a convolution with `weight`. */
export function windowOf(attrs: Conv2dAttrs, weight: Shape): Window {
  return {
    kernel: [weight[0], weight[1]],
    strides: attrs.strides,
    padding: attrs.padding,
    dilations: attrs.dilations,
  };
}

/**
 * Inputs: x `[n, h, w, c]`, weight `[kh, kw, c / groups, o]` (constant), bias `[o]` (constant, optional), residual of the output's
 * shape (optional, after a bias). Output `[n, oh, ow, o]` = clamp(conv(x, weight) + bias + residual), or another
 * activation of it.
 */
export const conv2d: Op<Conv2dAttrs> = {
  clamps: true,
  activates: true,

  infer(attrs, inputs, where) {
    checkInputs(where, inputs, 2, 4);
    const [x, weight, bias, residual] = inputs;
    checkNhwc(where, x);
    if (weight.length !== 4) {
      throw new GraphError(
        `Cannot run ${where}: weight is ${formatShape(weight)}, wanted 4 axes (kh, kw, c, o)`,
      );
    }
    checkIntegers(where, "strides", attrs.strides, 2, 1);
    checkIntegers(where, "dilations", attrs.dilations, 2, 1);
    checkIntegers(where, "padding", attrs.padding, 4, 0);
    checkIntegers(where, "groups", [attrs.groups], 1, 1);
    checkLimits(where, attrs.limits);
    checkActivation(where, attrs);
    if (weight[2] * attrs.groups !== x[3]) {
      throw new GraphError(
        `Cannot run ${where}: weight has ${weight[2]} input channels in ${attrs.groups} groups, input has ${
          x[3]
        }`,
      );
    }
    if (weight[3] % attrs.groups !== 0) {
      throw new GraphError(
        `Cannot run ${where}: ${weight[3]} output channels do not divide into ${attrs.groups} groups`,
      );
    }
    const [oh, ow] = outputPlane([x[1], x[2]], windowOf(attrs, weight));
    const output = [x[0], oh, ow, weight[3]];
    if (oh < 1 || ow < 1 || elements(output) > MAX_ELEMENTS) {
      throw new GraphError(
        `Cannot run ${where}: input ${formatShape(x)} gives output ${formatShape(output)}`,
      );
    }
    if (bias && !sameShape(bias, [weight[3]])) {
      throw new GraphError(`Cannot run ${where}: bias is ${formatShape(bias)}, wanted ${weight[3]}`);
    }
    if (residual && !sameShape(residual, output)) {
      throw new GraphError(
        `Cannot run ${where}: residual is ${formatShape(residual)}, output is ${formatShape(output)}`,
      );
    }
    return output;
  },

  alias(attrs, [input, weight], output) {
    if (weight[2] !== 1 || attrs.groups !== input[3] || attrs.strides[0] !== 1) return undefined;
    if (!sameShape(input, output)) return undefined;
    return { kind: "output_behind_input", rows: MOST_ROWS + attrs.padding[0] };
  },

  macs(_attrs, [, weight], output) {
    return elements(output) * weight[0] * weight[1] * weight[2];
  },

  reference(attrs, [x, weight, bias, residual], output) {
    const [, h, w, channels] = x.shape;
    const [kh, kw, groupChannels, outputs] = weight.shape;
    const [batch, oh, ow] = output;
    const groupOutputs = outputs / attrs.groups;
    const y = new Float32Array(elements(output));
    let at = 0;
    for (let n = 0; n < batch; n++) {
      for (let oy = 0; oy < oh; oy++) {
        for (let ox = 0; ox < ow; ox++) {
          for (let o = 0; o < outputs; o++, at++) {
            const first = Math.floor(o / groupOutputs) * groupChannels;
            let sum = bias ? bias.data[o] : 0;
            for (let ky = 0; ky < kh; ky++) {
              const iy = oy * attrs.strides[0] - attrs.padding[0] + ky * attrs.dilations[0];
              if (iy < 0 || iy >= h) continue;
              for (let kx = 0; kx < kw; kx++) {
                const ix = ox * attrs.strides[1] - attrs.padding[1] + kx * attrs.dilations[1];
                if (ix < 0 || ix >= w) continue;
                for (let c = 0; c < groupChannels; c++) {
                  const value = x.data[((n * h + iy) * w + ix) * channels + first + c];
                  sum += value * weight.data[((ky * kw + kx) * groupChannels + c) * outputs + o];
                }
              }
            }
            if (residual) sum += residual.data[at];
            y[at] = activate(limit(sum, attrs.limits), attrs.activation);
          }
        }
      }
    }
    return y;
  },

  lower(node) {
    const { attrs, output, emitter } = node;
    const x = node.input(0);
    const weight = constantOf(node, 1);
    const bias = node.inputs > 2 ? constantOf(node, 2).data : undefined;
    const residual = node.inputs > 3 ? node.input(3) : undefined;
    const epilogue = { residual, limits: attrs.limits, activation: kernelOf(attrs.activation) };
    const way = node.choose(
      waysOfConv2d(attrs, x.shape, weight.shape, residual !== undefined, emitter.host.arch),
    );
    const { strategy, reason } = way;
    const window = windowOf(attrs, weight.shape);
    if (strategy === "depthwise") {
      emitDepthwise(x, window, { weight: weight.data, bias }, output, epilogue, reason, emitter);
      return;
    }
    if (way.strategy === "winograd") {
      emitWinograd(way.size, x, attrs.padding, weight.data, bias, output, epilogue, reason, emitter);
      return;
    }
    const [kh, kw, groupChannels, outputs] = weight.shape;
    const n = outputs / attrs.groups;
    const weightsOf = (group: number): GemmWeights => ({
      data: weight.data,
      columns: outputs,
      column: group * n,
      k: kh * kw * groupChannels,
      n,
      bias,
    });
    if (strategy === "implicit_gemm") {
      const weights = Array.from({ length: attrs.groups }, (_, group) => weightsOf(group));
      emitImplicitGemm(x, window, weights, output, epilogue, reason, emitter);
      return;
    }
    for (let group = 0; group < attrs.groups; group++) {
      const column = group * n;
      const weights = weightsOf(group);
      const from = subview(x, 0, group * groupChannels, [...x.shape.slice(0, 3), groupChannels]);
      const to = subview(output, 0, column, [...output.shape.slice(0, 3), n]);
      const ofGroup = { ...epilogue, residual: residual && subview(residual, 0, column, to.shape) };
      if (way.strategy !== "gemm") emitIm2col(from, window, weights, to, ofGroup, reason, emitter);
      else (way.halves ? emitStrassen : emitGemm)(from, weights, to, ofGroup, reason, emitter);
    }
  },
};

function constantOf(node: Lowering<Conv2dAttrs>, index: number): Tensor {
  const tensor = node.constant(index);
  if (!tensor) throw new GraphError(`Cannot compile conv2d: input ${index} is computed, wanted a constant`);
  return tensor;
}
