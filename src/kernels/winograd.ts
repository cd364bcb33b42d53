/**
 * Writes commands for `asm/winograd.ts` and transforms its weights.
 *
 * @module
 */

import { WINOGRAD } from "../../asm/kernels.ts";
import type { Padding } from "../geometry.ts";
import { align, type Emitter, limitWords, type View } from "./emitter.ts";
import { type Epilogue, panelColumns, panelFloats, registerTile } from "./gemm.ts";

/** Outputs along one side of a tile. */
export const TILE = 4;
/** Products of a tile: (4 + 3 - 1) squared. */
const PLANES = 36;
/** Bytes that V and M of a block may take together: they are to stay in L2. */
const BLOCK_BYTES = 768 * 1024;

const a = Math.SQRT1_2, b = Math.SQRT2;
/** G of F(4x4, 3x3): rows of (g0, g1, g2). */
const G: readonly (readonly [number, number, number])[] = [
  [1, 0, 0],
  [-2 / 3, -2 / 3 * a, -1 / 3],
  [-2 / 3, 2 / 3 * a, -1 / 3],
  [1 / 6, b / 6, 1 / 3],
  [1 / 6, -b / 6, 1 / 3],
  [0, 0, 1],
];

/** U = G g G' of every channel pair, in f64, packed plane by plane as `asm/gemm.ts` wants it, in panels of `columns` with zero bias. */
export function transformWeights(
  weight: Float32Array,
  channels: number,
  outputs: number,
  columns: number,
  to: Float32Array,
): void {
  const planeFloats = panelFloats(channels, outputs, columns);
  const tap = channels * outputs;
  const half = new Float64Array(18);
  for (let c = 0; c < channels; c++) {
    for (let o = 0; o < outputs; o++) {
      const from = c * outputs + o;
      for (let row = 0; row < 6; row++) {
        const [g0, g1, g2] = G[row];
        for (let x = 0; x < 3; x++) {
          const i = from + x * tap;
          half[row * 3 + x] = g0 * weight[i] + g1 * weight[i + 3 * tap] + g2 * weight[i + 6 * tap];
        }
      }
      const first = o - o % columns;
      const at = first * (channels + 1) + (c + 1) * panelColumns(outputs - first, columns) + o - first;
      for (let row = 0; row < 6; row++) {
        const h0 = half[row * 3], h1 = half[row * 3 + 1], h2 = half[row * 3 + 2];
        for (let column = 0; column < 6; column++) {
          const [g0, g1, g2] = G[column];
          to[(row * 6 + column) * planeFloats + at] = g0 * h0 + g1 * h1 + g2 * h2;
        }
      }
    }
  }
}

/** Fewest tiles whose products fill the rows of the register tile well enough. */
const LEAST_TILES = 4;

/**
 * How many times faster than im2col an output plane `[n, oh, ow]` of `channels` and `outputs` should be: four times fewer multiply-adds, less what tiles
 * compute past the border, less the transforms. Their cost was fitted to measurements on 112x112 to 5x5 maps of 4 to 512 channels
 * (`deno task bench:kernels`); 0 where there are too few tiles.
 */
export function winogradGain([n, oh, ow]: readonly number[], channels: number, outputs: number): number {
  const tiles = n * Math.ceil(oh / TILE) * Math.ceil(ow / TILE);
  if (tiles < LEAST_TILES) return 0;
  const filled = n * oh * ow / (tiles * TILE * TILE);
  return 4 * filled / (1 + 12 / outputs + 10 / channels);
}

/** Emits a 3x3 convolution of stride 1 of `input` `[n, h, w, c]` with `weight` `[3, 3, c, o]`. */
export function emitWinograd(
  input: View,
  padding: Padding,
  weight: Float32Array,
  bias: Float32Array | undefined,
  output: View,
  epilogue: Epilogue,
  reason: string,
  emitter: Emitter,
): void {
  const [n, h, w, channels] = input.shape;
  const [, oh, ow, outputs] = output.shape;
  const across = Math.ceil(ow / TILE), down = Math.ceil(oh / TILE);
  const tiles = n * across * down;
  const vRow = Math.ceil(channels / 4) * 16, mRow = Math.ceil(outputs / 4) * 16;
  const { rows, columns } = registerTile(emitter.host);
  const fitting = Math.floor(BLOCK_BYTES / (PLANES * (vRow + mRow)) / rows) * rows;
  const blocks = Math.ceil(tiles / Math.max(rows, fitting));
  const block = Math.min(tiles, Math.ceil(tiles / blocks / rows) * rows);
  // An odd number of cache lines between planes, so that they do not meet in one cache set.
  const plane = (row: number) => align(block * row) + (align(block * row) / 64 % 2 === 0 ? 64 : 0);
  const vPlane = plane(vRow), mPlane = plane(mRow);
  const scratchBytes = align(PLANES * (vRow + 16));
  const v = emitter.workspace(PLANES * (vPlane + mPlane) + scratchBytes);
  const m = { region: v.region, offset: v.offset + PLANES * vPlane };
  const scratch = { region: v.region, offset: m.offset + PLANES * mPlane };
  const planeFloats = panelFloats(channels, outputs, columns);
  emitter.emit({
    opcode: WINOGRAD,
    kernel: "winograd_4x4_3x3",
    reason,
    tiles: Math.ceil(tiles / block),
    words: [
      input.address,
      input.stride,
      h,
      w,
      channels,
      emitter.constant(
        PLANES * planeFloats,
        (to) => transformWeights(weight, channels, outputs, columns, to),
      ),
      output.address,
      output.stride,
      epilogue.residual?.address ?? 0,
      epilogue.residual?.stride ?? 0,
      ...limitWords(epilogue.limits),
      block,
      padding[0],
      padding[1],
      oh,
      ow,
      across,
      down,
      tiles,
      outputs,
      emitter.constant(Math.ceil(outputs / 4) * 4, (to) => bias && to.set(bias)),
      v,
      vPlane,
      m,
      mPlane,
      planeFloats * 4,
      scratch,
    ],
  });
}
