/**
 * The RGBA bytes of a photo and the first convolution, as one. Made by the pass `fuse_unpack`, by no reader.
 *
 * @module
 */

import { conv2d, type Conv2dAttrs } from "./conv2d.ts";
import { inferCopiedRows, lowerCopiedRows } from "./copied_rows.ts";
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
    const pixels = unpackRgba.infer(attrs.unpack ?? {}, inputs.slice(0, 1), where);
    return inferCopiedRows(attrs, [pixels, ...inputs.slice(1)], where);
  },

  macs(attrs, inputs, output) {
    return conv2d.macs!(attrs, inputs, output);
  },

  reference(attrs, [bytes, ...others], output) {
    const shape = [...bytes.shape.slice(0, 3), 3];
    const data = unpackRgba.reference(attrs.unpack, [bytes], shape);
    return conv2d.reference(attrs, [{ shape, data }, ...others], output);
  },

  lower(node) {
    lowerCopiedRows(node, "unpacked_conv2d", node.attrs.unpack, "RGBA bytes, unpacked");
  },
};
