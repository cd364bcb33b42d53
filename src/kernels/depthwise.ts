/**
 * Writes commands for `asm/depthwise.ts` and packs its weights.
 *
 * @module
 */

import { DEPTHWISE } from "../../asm/kernels.ts";
import type { Window } from "../geometry.ts";
import {
  activationWords,
  type Emitter,
  type Epilogue,
  type Host,
  type Limits,
  limitWords,
  tileRows,
  type View,
  withActivation,
  type Word,
} from "./emitter.ts";

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
  { limits, activation }: Omit<Epilogue, "residual">,
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
    walkedOutputs(input, window, output, limits, emitter.host),
    ...activationWords(activation),
  ];
}

/** Rows of output that are computed at once at most: those `padding[0]` rows above the first are still read by then. */
export const MOST_ROWS = 3;

/** Rows of output that are computed at once where they can be. */
export function rowsAtOnce({ kernel }: Window, { arch }: Host): number {
  return arch !== "aarch64" || kernel[0] === 5 ? 2 : MOST_ROWS;
}

/** Bytes of a first-level cache that every host has, and of its lines. */
const CACHE_BYTES = 32 * 1024, LINE_BYTES = 64;

/**
 * Outputs of a row that a filter walks along before it goes on to the next channels; 0 where four pixels of one row and all their channels are computed instead. At stride 1, and of
 * a 5x5 filter, it is the whole row, on aarch64 alone; of a 3x3 one at stride 2 as many as the cache has room for: a line holds four groups of channels, so the lines of all pixels
 * walked over have to stay, and pixels 2^k bytes apart share the places of every 2^k-th byte. On x86-64, where 3x3 filters compute two rows, four pixels and all their channels at a
 * time, it is the whole row.
 */
function walkedOutputs(
  input: View,
  window: Window,
  output: View,
  { lo = -Infinity, hi = Infinity }: Limits = {},
  host: Host,
): number {
  const [extent] = window.kernel, [stride] = window.strides, [, padLeft] = window.padding;
  const width = input.shape[2], outputs = output.shape[2], aarch64 = host.arch === "aarch64";
  const padRight = (outputs - 1) * stride + extent - padLeft - width, mostPad = extent >> 1;
  if (
    window.kernel[1] !== extent || window.strides[1] !== stride ||
    window.dilations.some((step) => step !== 1) || input.shape[3] % 4 > 0 ||
    padLeft > mostPad || padRight > mostPad || (aarch64 && (lo !== 0 && lo !== -Infinity || hi < 0))
  ) return 0;
  if (stride > 2 || (stride === 1 && padRight < 0)) return 0;
  if (extent === 5) return aarch64 && (stride === 2 || width + padLeft >= 4) ? outputs : 0;
  if (extent !== 3) return 0;
  if (!aarch64) return outputs >= 4 ? outputs : 0;
  if (stride === 1) return outputs;
  const rows = rowsAtOnce(window, host);
  const lines = CACHE_BYTES / Math.max(LINE_BYTES, input.stride & -input.stride);
  const most = Math.floor(lines / (2 * (2 * rows + 1) + rows));
  // Below that many, loading the weights costs more than they save.
  if (most < Math.min(outputs, 3)) return 0;
  return Math.ceil(outputs / Math.ceil(outputs / most));
}

/** Emits a depthwise convolution of `[n, h, w, c]`. */
export function emitDepthwise(
  input: View,
  window: Window,
  filters: DepthwiseFilters,
  output: View,
  epilogue: Omit<Epilogue, "residual">,
  reason: string,
  emitter: Emitter,
): void {
  const [n, oh, ow, channels] = output.shape;
  const [kh, kw] = window.kernel;
  const rows = tileRows(n * oh, ow * channels * kh * kw, emitter.host);
  const walked = walkedOutputs(input, window, output, epilogue.limits, emitter.host) > 0;
  const atOnce = rowsAtOnce(window, emitter.host);
  const unrolled = (kw === 3 || kw === 5) && window.dilations[1] === 1 && window.strides[1] <= 2 && ow >= 4;
  const way = walked ? `${atOnce}rows` : unrolled ? "4px" : "1px";
  emitter.emit({
    opcode: DEPTHWISE,
    kernel: withActivation(`depthwise_${kh}x${kw}_${way}`, epilogue.activation),
    reason,
    tiles: Math.ceil((n * oh) / rows),
    words: depthwiseWords(input, window, filters, output, epilogue, rows, emitter),
  });
}
