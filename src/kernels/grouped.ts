/**
 * Writes commands for `asm/grouped.ts`.
 *
 * @module
 */

import { GROUPED } from "../../asm/kernels.ts";
import type { Window } from "../geometry.ts";
import { channelsOf } from "../tensor.ts";
import {
  activationWords,
  type Emitter,
  type Epilogue,
  limitWords,
  tileRows,
  type View,
  withActivation,
} from "./emitter.ts";
import { fillPanels, type GemmWeights, panelFloats, registerTile } from "./gemm.ts";

/** Most bytes of a strip: half of a small L1 cache, beside a group's weights. */
const STRIP_BYTES = 16 * 1024;

/** Whether the kernel can run a convolution: taps of a kernel row lie together, channels and outputs of a group fill vectors. */
export function fitsGrouped(window: Window, groupChannels: number, groupOutputs: number): boolean {
  return window.dilations[1] === 1 && groupChannels % 4 === 0 && groupOutputs % 4 === 0;
}

/** Emits a convolution of `input` `[n, h, w, c]` in groups, each with its weights, to `output` `[n, oh, ow, o]`. */
export function emitGrouped(
  input: View,
  window: Window,
  weights: readonly GemmWeights[],
  output: View,
  epilogue: Epilogue,
  reason: string,
  emitter: Emitter,
): void {
  const [n, h, w] = input.shape;
  const [, oh, ow] = output.shape;
  const groups = weights.length;
  const channels = channelsOf(input.shape) / groups;
  const outputs = channelsOf(output.shape) / groups;
  const [kh, kw] = window.kernel;
  const [sy, sx] = window.strides;
  const [dy] = window.dilations;
  const line = ((ow - 1) * sx + kw) * channels * 4;
  const reach = (kh - 1) * dy + 1;
  const most = Math.max(1, Math.floor((STRIP_BYTES / line - reach) / sy) + 1);
  const rows = tileRows(oh, ow * outputs * kh * kw * channels, emitter.host, 1, most);
  const tiles = Math.ceil(oh / rows);
  const tile = outputs === 4 ? { rows: 8, columns: 4 } : registerTile(emitter.host);
  const floats = panelFloats(weights[0].k, outputs, tile.columns);
  emitter.emit({
    opcode: GROUPED,
    kernel: withActivation(`grouped_${tile.rows}x${tile.columns}`, epilogue.activation),
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
      emitter.workspace(((rows - 1) * sy + reach) * line),
      kh,
      kw,
      outputs,
      tiles,
      floats,
      ...activationWords(epilogue.activation),
    ],
  });
}
