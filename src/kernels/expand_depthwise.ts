/**
 * Writes commands for `asm/expand_depthwise.ts`.
 *
 * @module
 */

import { EXPAND_DEPTHWISE } from "../../asm/kernels.ts";
import type { Window } from "../geometry.ts";
import { type DepthwiseFilters, depthwiseWords, rowsAtOnce } from "./depthwise.ts";
import {
  activationWords,
  type Emitter,
  type Epilogue,
  tileRows,
  type View,
  withActivation,
} from "./emitter.ts";
import { gemmWords } from "./gemm.ts";
import { type GemmWeights, registerTile } from "./panel.ts";

/** Most bytes of the rows of input that a tile looks at, which are read for every panel of weights: what stays in a second-level cache of 1 MiB. */
const INPUT_BYTES = 768 * 1024;

/** Rows of output of a tile that are taken even if they look at more: at the seams of fewer, expanding rows twice would cost more than the cache saves. */
const LEAST_ROWS = 16;

/** Bytes of a strip, about: what a first-level cache holds. Less copies rows that are kept more often. */
const STRIP_BYTES = 32 * 1024;

/** Emits `[n, h, w, k]` times weights `[k, c]`, through `expansion`, then filtered by channel to `[n, oh, ow, c]`. */
export function emitExpandDepthwise(
  input: View,
  weights: GemmWeights,
  expansion: Omit<Epilogue, "residual">,
  window: Window,
  filters: DepthwiseFilters,
  output: View,
  epilogue: Omit<Epilogue, "residual">,
  reason: string,
  emitter: Emitter,
): void {
  const [n, h, w] = input.shape;
  const [, oh, ow, channels] = output.shape;
  const [kh, kw] = window.kernel, sy = window.strides[0];
  const reach = (kh - 1) * window.dilations[0] + 1;
  const { rows: tile, columns } = registerTile(emitter.host);
  const line = w * columns * 4;
  const { arch, threads } = emitter.host;
  const macs = columns * (ow * kh * kw + sy * w * weights.k);
  const fitting = (INPUT_BYTES / (w * weights.k * 4) - reach) / sy + 1;
  // As few tiles along the rows as one thread would take, but one for each: where two meet, lines are expanded twice.
  const rows = tileRows(oh, macs, { arch, threads: 1 }, 1, Math.max(LEAST_ROWS, fitting), threads);
  const panels = Math.ceil(channels / columns);
  const tiles = Math.ceil(oh / rows);
  const atOnce = rowsAtOnce(window, emitter.host);
  const together = Math.floor(((STRIP_BYTES / line - reach) / sy + 1) / atOnce) * atOnce;
  const stripRows = Math.min(rows, Math.max(atOnce, together));
  const strip: View = {
    address: emitter.workspace(((stripRows - 1) * sy + reach) * line + 16),
    shape: [n, h, w, channels],
    stride: columns * 4,
  };
  emitter.emit({
    opcode: EXPAND_DEPTHWISE,
    kernel: [
      withActivation(`gemm_${tile}x${columns}`, expansion.activation),
      withActivation(`depthwise_${kh}x${kw}`, epilogue.activation),
    ].join("+"),
    reason,
    tiles: n * tiles * panels,
    words: [
      ...gemmWords(input.address, input.stride, weights, strip, expansion, stripRows, emitter),
      ...depthwiseWords(strip, window, filters, output, epilogue, rows, emitter),
      tiles,
      panels,
      ...activationWords(expansion.activation),
    ],
  });
}
