/**
 * The first convolution of a network that takes its photos as three planes. Made by the pass `planar_inputs`, by no reader.
 *
 * @module
 */

import { conv2d, type Conv2dAttrs } from "./conv2d.ts";
import { inferCopiedRows, lowerCopiedRows } from "./copied_rows.ts";
import type { Op } from "./op.ts";
import { transpose } from "./transpose.ts";

/** From `[n, c, h, w]` to `[n, h, w, c]`. */
export const TO_NHWC = { permutation: [0, 2, 3, 1] } as const;

/**
 * Inputs: x `[n, 3, h, w]`, weight `[kh, kw, 3, o]` (constant), bias `[o]` (constant, optional), residual of the output's shape (optional, after a bias). Output
 * `[n, oh, ow, o]`.
 */
export const planarConv2d: Op<Conv2dAttrs> = {
  infer(attrs, inputs, where) {
    const pixels = transpose.infer(TO_NHWC, inputs.slice(0, 1), where);
    return inferCopiedRows(attrs, [pixels, ...inputs.slice(1)], where);
  },

  macs(attrs, inputs, output) {
    return conv2d.macs!(attrs, inputs, output);
  },

  reference(attrs, [planes, ...others], output) {
    const shape = transpose.infer(TO_NHWC, [planes.shape], "planar_conv2d");
    const data = transpose.reference(TO_NHWC, [planes], shape);
    return conv2d.reference(attrs, [{ shape, data }, ...others], output);
  },

  lower(node) {
    lowerCopiedRows(node, "planar_conv2d", "planes", "three planes, interleaved");
  },
};
