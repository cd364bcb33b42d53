/**
 * Writes commands for `asm/depthwise.ts` and packs its weights.
 *
 * @module
 */

import { DEPTHWISE } from "../../asm/kernels.ts";
import type { Window } from "../geometry.ts";
import { type Emitter, type Limits, limitWords, tileRows, type View, type Word } from "./emitter.ts";

/** Filters of a depthwise convolution: `weight` is `[kh, kw, 1, c]`. */
export interface DepthwiseFilters {
  readonly weight: Float32Array;
  readonly bias?: Float32Array;
}

/** The parameter block; a tile is `rows` output rows. */
export function depthwiseWords(
  input: View,
  window: Window,
  { weight, bias }: DepthwiseFilters,
  output: View,
  limits: Limits | undefined,
  rows: number,
  emitter: Emitter,
): Word[] {
  const [n, h, w, channels] = input.shape;
  const [, oh, ow] = output.shape;
  const [kh, kw] = window.kernel;
  const taps = kh * kw;
  const blocks = Math.ceil(channels / 4);
  const packed = emitter.constant(blocks * (taps + 1) * 4, (to) => {
    for (let block = 0, at = 0; block < blocks; block++) {
      const first = block * 4;
      const width = Math.min(4, channels - first);
      if (bias) { for (let j = 0; j < width; j++) to[at + j] = bias[first + j]; }
      at += 4;
      for (let tap = 0; tap < taps; tap++, at += 4) {
        for (let j = 0; j < width; j++) to[at + j] = weight[tap * channels + first + j];
      }
    }
  });
  return [
    input.address,
    input.stride,
    h,
    w,
    channels,
    packed,
    output.address,
    output.stride,
    kh,
    kw,
    ...limitWords(limits),
    rows,
    ...window.strides,
    window.padding[0],
    window.padding[1],
    ...window.dilations,
    oh,
    ow,
    n * oh,
  ];
}

/** Whether the kernel computes three rows of output at once on aarch64; `stackable` in `asm/depthwise.ts` decides alike. */
function byRows(
  input: View,
  window: Window,
  output: View,
  { lo = -Infinity, hi = Infinity }: Limits = {},
): boolean {
  const padLeft = window.padding[1];
  const padRight = output.shape[2] + 2 - padLeft - input.shape[2];
  return window.kernel.every((extent) => extent === 3) && input.shape[3] % 4 === 0 &&
    [...window.strides, ...window.dilations].every((step) => step === 1) &&
    [padLeft, padRight].every((pad) => pad === 0 || pad === 1) && (lo === 0 || lo === -Infinity) && hi >= 0;
}

/** Emits a depthwise convolution of `[n, h, w, c]`. */
export function emitDepthwise(
  input: View,
  window: Window,
  filters: DepthwiseFilters,
  output: View,
  limits: Limits | undefined,
  reason: string,
  emitter: Emitter,
): void {
  const [n, oh, ow, channels] = output.shape;
  const [kh, kw] = window.kernel;
  const rows = tileRows(n * oh, ow * channels * kh * kw, emitter.host);
  const stacked = emitter.host.arch === "aarch64" && byRows(input, window, output, limits);
  const unrolled = (kw === 3 || kw === 5) && window.dilations[1] === 1 && window.strides[1] <= 2 && ow >= 4;
  emitter.emit({
    opcode: DEPTHWISE,
    kernel: stacked
      ? "depthwise_3x3_3rows"
      : unrolled
      ? `depthwise_${kh}x${kw}_4px`
      : `depthwise_${kh}x${kw}_1px`,
    reason,
    tiles: Math.ceil((n * oh) / rows),
    words: depthwiseWords(input, window, filters, output, limits, rows, emitter),
  });
}
