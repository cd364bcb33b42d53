/**
 * What windows that move over feature maps share: strides and dilations, padding, and borders that count as padding.
 *
 * @module
 */

import { type Padding, type Pair, samePadding } from "../../geometry.ts";
import type { Shape } from "../../tensor.ts";
import { type Call, fail, listOf, wordOf } from "./call.ts";
import { type Computed, NHWC } from "./value.ts";

/** An attribute of two numbers, for height and width; 1 and 1 where the node has none. */
export function pairOf(call: Call, name: string): Pair {
  const list = listOf(call, name) ?? [1, 1];
  if (list.length !== 2) {
    fail(call, `${name} is ${list}`, "two numbers: only two-dimensional windows are known");
  }
  return [list[0], list[1]];
}

/** Padding as the file asks, for a window over a map of ONNX shape `[n, c, h, w]`. */
export function paddingOf(
  call: Call,
  [, , h, w]: Shape,
  kernel: Pair,
  strides: Pair,
  dilations: Pair,
): Padding {
  const auto = wordOf(call, "auto_pad", ["NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"], "NOTSET");
  if (auto === "VALID") return [0, 0, 0, 0];
  if (auto === "NOTSET") {
    const pads = listOf(call, "pads") ?? [0, 0, 0, 0];
    if (pads.length !== 4) fail(call, `pads are ${pads}`, "top, left, bottom, right");
    return [pads[0], pads[1], pads[2], pads[3]];
  }
  const [before, after] = auto === "SAME_UPPER" ? [0, 1] : [1, 0];
  const y = samePadding(h, kernel[0], strides[0], dilations[0]);
  const x = samePadding(w, kernel[1], strides[1], dilations[1]);
  return [y[before], x[before], y[after], x[after]];
}

/** A map and the padding of a window over it; a border of `value` put around it before counts as padding. */
export function withBorder(
  call: Call,
  x: Computed,
  padding: Padding,
  value: number,
): [name: string, padding: Padding] {
  const { name } = call.to.arrange(x, NHWC);
  const border = call.to.producer(name, "pad");
  if (!border || border.attrs.value !== value) return [name, padding];
  const { before, after } = border.attrs;
  if (before[0] + before[3] + after[0] + after[3] > 0) return [name, padding];
  const [top, left, bottom, right] = padding;
  return [border.inputs[0], [top + before[1], left + before[2], bottom + after[1], right + after[2]]];
}

/** Lowest f32: what a border of maxima holds, which infinity, not being JSON, cannot. */
export const LOWEST: number = -(2 - 2 ** -23) * 2 ** 127;
