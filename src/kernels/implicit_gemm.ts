/**
 * Writes commands for `asm/implicit_gemm.ts`.
 *
 * @module
 */

import { IMPLICIT_GEMM } from "../../asm/kernels.ts";
import { PHOTO, PIXELS, PLANES } from "../../asm/packing.ts";
import type { Window } from "../geometry.ts";
import { channelsOf } from "../tensor.ts";
import {
  activationWords,
  type Emitter,
  type Epilogue,
  limitWords,
  TILE_MACS,
  tileRows,
  type View,
  withActivation,
  type Word,
} from "./emitter.ts";
import { panelsTogether } from "./gemm.ts";
import { fillPanels, type GemmWeights, panelFloats, registerTile } from "./panel.ts";
import { type Unpacking, unpackingWords } from "./unpack_rgba.ts";

/** Most bytes of a strip, where that is more than one row of output needs: half of a small L2 cache. Longer strips copy fewer rows twice. */
const STRIP_BYTES = 128 * 1024;

/** Whether the kernel can run a convolution: taps of a kernel row lie together. */
export function fitsImplicitGemm(window: Window): boolean {
  return window.dilations[1] === 1;
}

/** Input channels up to which copies of single fields cost more than rows of any length that fill no register tile. */
const FEW_CHANNELS = 4;
/** Output pixels in a row from which it hardly matters that its last register tiles are narrow. */
const LONG_ROW = 48;
/** Output pixels in a row up to which rows are joined: what register tiles lose at a row's end is more than copying each pixel for every tap takes. */
const SHORT_ROW = 7;

/**
 * Whether a convolution without groups that the kernel can run should be faster than by im2col, to an output of rows of `width` pixels. Register tiles end with a row, where those of
 * im2col go on into the next; a row of output is the least tile.
 */
export function paysImplicitGemm(
  { kernel: [kh, kw] }: Window,
  channels: number,
  outputs: number,
  width: number,
): boolean {
  if (kh * kw === 1 || kh * kw * channels * outputs * width > TILE_MACS) return false;
  return channels <= FEW_CHANNELS || width >= LONG_ROW;
}

/** What becomes three floats a pixel as it is copied: the bytes of a photo `[n, h, w, 1]`, or planes `[n, 3, h, w]`. */
export type Source = Unpacking | "planes";

/** Words of a parameter block that tell how the input lies. */
function sourceWords(source: Source | undefined): Word[] {
  if (source === undefined) return [PIXELS];
  return source === "planes" ? [PLANES] : [PHOTO, ...unpackingWords(source)];
}

/** Emits a convolution of `input` `[n, h, w, c]` in groups (one or more), each with its weights, to `output` `[n, oh, ow, o]`; of another `source` in one group. */
export function emitImplicitGemm(
  input: View,
  window: Window,
  weights: readonly GemmWeights[],
  output: View,
  epilogue: Epilogue,
  reason: string,
  emitter: Emitter,
  source?: Source,
): void {
  const n = input.shape[0], [h, w] = input.shape.slice(source === "planes" ? 2 : 1);
  const [, oh, ow] = output.shape;
  const [kh, kw] = window.kernel;
  const groups = weights.length;
  const channels = source ? 3 : channelsOf(input.shape) / groups;
  const outputs = channelsOf(output.shape) / groups;
  const [sy, sx] = window.strides;
  const [dy] = window.dilations;
  const joined = channels % 4 === 0 && ow <= SHORT_ROW, apart = joined && sy > 1;
  const line = (joined ? ow * kw : (ow - 1) * sx + kw) * channels * 4;
  const reach = (kh - 1) * dy + 1, fit = STRIP_BYTES / line;
  const most = Math.max(1, Math.floor(apart ? fit / kh : (fit - reach) / sy + 1));
  // Groups that are shared out evenly leave their rows together.
  const sharers = joined && n * groups % emitter.host.threads === 0 ? 1 : emitter.host.threads;
  const rows = tileRows(oh, ow * outputs * kh * kw * channels, emitter.host, 1, most, sharers);
  const tiles = Math.ceil(oh / rows);
  const tile = outputs === 4 && kw * channels % 4 === 0
    ? { rows: 8, columns: 4 }
    : registerTile(emitter.host);
  const floats = panelFloats(weights[0].k, outputs, tile.columns);
  emitter.emit({
    opcode: IMPLICIT_GEMM,
    kernel: withActivation(
      `${
        source === "planes" ? "planar_" : source ? "unpacked_" : ""
      }implicit_gemm_${tile.rows}x${tile.columns}`,
      epilogue.activation,
    ),
    reason,
    tiles: groups * tiles * n,
    words: [
      input.address,
      input.stride,
      h,
      w,
      channels,
      emitter.constant(
        floats * groups,
        (to) =>
          weights.forEach((group, i) =>
            fillPanels(group, to.subarray(i * floats, (i + 1) * floats), tile.columns)
          ),
      ),
      output.address,
      output.stride,
      epilogue.residual?.address ?? 0,
      epilogue.residual?.stride ?? 0,
      ...limitWords(epilogue.limits),
      rows,
      sy,
      sx,
      window.padding[0],
      window.padding[1],
      dy,
      groups,
      oh,
      ow,
      // 16 bytes more: the last row may be cleared or copied past its end.
      emitter.workspace((apart ? kh * rows : (rows - 1) * sy + reach) * line + 16),
      kh,
      kw,
      outputs,
      tiles,
      floats,
      ...activationWords(epilogue.activation),
      joined ? panelsTogether(rows * ow, weights[0].k, emitter.host) : 0,
      ...sourceWords(source),
    ],
  });
}
