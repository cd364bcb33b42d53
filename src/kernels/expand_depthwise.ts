/**
 * Writes commands for `asm/expand_depthwise.ts`.
 *
 * @module
 */

import { EXPAND_DEPTHWISE } from "../../asm/kernels.ts";
import type { Window } from "../geometry.ts";
import { type DepthwiseFilters, depthwiseWords } from "./depthwise.ts";
import {
  activationWords,
  type Emitter,
  type Epilogue,
  tileRows,
  type View,
  withActivation,
} from "./emitter.ts";
import { type GemmWeights, gemmWords, registerTile } from "./gemm.ts";

/** Most bytes of a strip: what stays in a second-level cache of 1 MiB. */
const STRIP_BYTES = 768 * 1024;

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
  const line = w * channels * 4;
  const most = Math.max(1, Math.floor((STRIP_BYTES / line - reach) / sy) + 1);
  const macs = ow * channels * kh * kw + sy * w * weights.k * channels;
  // As few strips as one thread would take: where two meet, lines are expanded twice.
  const { arch, threads } = emitter.host;
  const rows = tileRows(oh, macs, { arch, threads: 1 }, 1, most, threads);
  const tiles = Math.ceil(oh / rows);
  const stripRows = Math.min(h, (rows - 1) * sy + reach);
  const strip: View = {
    address: emitter.workspace(stripRows * line + 16),
    shape: [n, h, w, channels],
    stride: channels * 4,
  };
  const { rows: tile, columns } = registerTile(emitter.host);
  emitter.emit({
    opcode: EXPAND_DEPTHWISE,
    kernel: [
      withActivation(`gemm_${tile}x${columns}`, expansion.activation),
      withActivation(`depthwise_${kh}x${kw}`, epilogue.activation),
    ].join("+"),
    reason,
    tiles: n * tiles,
    words: [
      ...gemmWords(input.address, input.stride, weights, strip, expansion, 0, emitter),
      ...depthwiseWords(strip, window, filters, output, epilogue, rows, emitter),
      tiles,
      ...activationWords(expansion.activation),
    ],
  });
}
