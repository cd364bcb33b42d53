/**
 * The RGBA bytes of a photo and the first convolution, as one. Made by the pass `fuse_unpack`, by no reader.
 *
 * @module
 */

import { GraphError } from "../errors.ts";
import { emitImplicitGemm, fitsImplicitGemm } from "../kernels/implicit_gemm.ts";
import { formatShape } from "../tensor.ts";
import { kernelOf } from "./activation.ts";
import { conv2d, type Conv2dAttrs, windowOf } from "./conv2d.ts";
import type { Op } from "./op.ts";
import { unpackRgba, type UnpackRgbaAttrs } from "./unpack_rgba.ts";

/** Attributes of `unpacked_conv2d`: those of the convolution, and how its input is unpacked. */
export interface UnpackedConv2dAttrs extends Conv2dAttrs {
  /** How bytes become floats. */
  readonly unpack: UnpackRgbaAttrs;
}

/**
 * Inputs: RGBA bytes `[n, h, w, 1]`, a graph input, weight `[kh, kw, 3, o]` (constant), bias `[o]` (constant, optional), residual of the output's shape (optional, after a
 * bias). Output `[n, oh, ow, o]`.
 */
export const unpackedConv2d: Op<UnpackedConv2dAttrs> = {
  readsRgba: true,

  infer(attrs, inputs, where) {
    const x = unpackRgba.infer(attrs.unpack ?? {}, inputs.slice(0, 1), where);
    const output = conv2d.infer(attrs, [x, ...inputs.slice(1)], where);
    if (attrs.groups !== 1 || !fitsImplicitGemm(windowOf(attrs, inputs[1]))) {
      throw new GraphError(
        `Cannot run ${where}: weight is ${formatShape(inputs[1])}, ${
          JSON.stringify({ dilations: attrs.dilations, groups: attrs.groups })
        }, wanted one group and no dilation along x`,
      );
    }
    return output;
  },

  macs(attrs, inputs, output) {
    return conv2d.macs!(attrs, inputs, output);
  },

  reference(attrs, [bytes, ...others], output) {
    const shape = [...bytes.shape.slice(0, 3), 3];
    const data = unpackRgba.reference(attrs.unpack, [bytes], shape);
    return conv2d.reference(attrs, [{ shape, data }, ...others], output);
  },

  lower({ attrs, input, constant, inputs, output, emitter }) {
    const [weight, bias] = [1, 2].map((index) => {
      const tensor = constant(index);
      if (!tensor && index < inputs) {
        throw new GraphError(`Cannot compile unpacked_conv2d: input ${index} is computed, wanted a constant`);
      }
      return tensor!;
    });
    const [kh, kw, channels, n] = weight.shape;
    emitImplicitGemm(
      input(0),
      windowOf(attrs, weight.shape),
      [{ data: weight.data, columns: n, column: 0, k: kh * kw * channels, n, bias: bias?.data }],
      output,
      {
        residual: inputs > 3 ? input(3) : undefined,
        limits: attrs.limits,
        activation: kernelOf(attrs.activation),
      },
      `${kh}x${kw} over RGBA bytes, unpacked as rows are copied`,
      emitter,
      attrs.unpack,
    );
  },
};
