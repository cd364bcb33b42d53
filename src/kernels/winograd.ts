/**
 * Writes commands for `asm/winograd.ts` and transforms its weights.
 *
 * @module
 */

import { WINOGRAD_2X2, WINOGRAD_4X4 } from "../../asm/kernels.ts";
import { INPUT, OUTPUT, PRODUCT, WHOLE } from "../../asm/winograd_steps.ts";
import type { Padding } from "../geometry.ts";
import {
  activationWords,
  align,
  type Arch,
  type Emitter,
  type Epilogue,
  limitWords,
  type View,
  withActivation,
} from "./emitter.ts";
import { panelsTogether } from "./gemm.ts";
import { panelColumns, panelFloats, registerTile } from "./panel.ts";

/** Outputs along one side of a tile. */
export type TileSize = 2 | 4;

/** Bytes that V and M of a block may take together: they are to stay in L2. */
const BLOCK_BYTES = 768 * 1024;
/** The same where the weights are more than all of V and M: every block reads them from memory once more, which costs more than leaving L2. */
const DEEP_BLOCK_BYTES = 4 * 1024 * 1024;

const a = Math.SQRT1_2, b = Math.SQRT2;
/** G of F(S x S, 3x3): rows of (g0, g1, g2). */
const G: Readonly<Record<TileSize, readonly (readonly [number, number, number])[]>> = {
  2: [[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]],
  4: [
    [1, 0, 0],
    [-2 / 3, -2 / 3 * a, -1 / 3],
    [-2 / 3, 2 / 3 * a, -1 / 3],
    [1 / 6, b / 6, 1 / 3],
    [1 / 6, -b / 6, 1 / 3],
    [0, 0, 1],
  ],
};

/** U = G g G' of every channel pair, in f64, packed plane by plane as `asm/gemm.ts` wants it, in panels of `columns` with zero bias. */
export function transformWeights(
  size: TileSize,
  weight: Float32Array,
  channels: number,
  outputs: number,
  columns: number,
  to: Float32Array,
): void {
  const planeFloats = panelFloats(channels, outputs, columns);
  const tap = channels * outputs;
  const side = size + 2, rows = G[size];
  const half = new Float64Array(3 * side);
  for (let c = 0; c < channels; c++) {
    for (let o = 0; o < outputs; o++) {
      const from = c * outputs + o;
      for (let row = 0; row < side; row++) {
        const [g0, g1, g2] = rows[row];
        for (let x = 0; x < 3; x++) {
          const i = from + x * tap;
          half[row * 3 + x] = g0 * weight[i] + g1 * weight[i + 3 * tap] + g2 * weight[i + 6 * tap];
        }
      }
      const first = o - o % columns;
      const at = first * (channels + 1) + (c + 1) * panelColumns(outputs - first, columns) + o - first;
      for (let row = 0; row < side; row++) {
        const h0 = half[row * 3], h1 = half[row * 3 + 1], h2 = half[row * 3 + 2];
        for (let column = 0; column < side; column++) {
          const [g0, g1, g2] = rows[column];
          to[(row * side + column) * planeFloats + at] = g0 * h0 + g1 * h1 + g2 * h2;
        }
      }
    }
  }
}

/** Fewest tiles whose products fill the rows of the register tile well enough. */
const LEAST_TILES = 4;

/** Multiply-adds that take as long as a step beside the products. */
interface Costs {
  /** Reading a weight from memory: whole networks outgrow the caches. */
  readonly weight: number;
  /** Transforming an input, and an output, of one channel of a tile, by the tile's products. */
  readonly input: number;
  readonly output: number;
}

/**
 * Those of x86-64 are fitted to measurements on 112x112 to 3x3 maps of 4 to 1024 channels (`deno task bench:kernels`) on an AMD EPYC; those of aarch64 follow from its modelled loops
 * (`deno task bench:arm`), but boards have slower memory beside their multiply-adds.
 */
const COSTS: Readonly<Record<Arch, Costs>> = {
  "x86-64": { weight: 5, input: 3, output: 10 },
  aarch64: { weight: 8, input: 6, output: 5 },
};

/** A size of tiles, and how many times as fast as im2col it should be. */
export interface WinogradGain {
  readonly size: TileSize;
  readonly gain: number;
}

/**
 * F(4x4) and F(2x2), the better one first, for an output plane `[n, oh, ow]` of `channels` and `outputs`: multiply-adds, those that tiles compute past the border
 * included, transforms, and weights to be read, of which F(4x4) has four times as many as im2col. The gain is 0 where there are too few tiles.
 */
export function rateWinograd(
  [n, oh, ow]: readonly number[],
  channels: number,
  outputs: number,
  arch: Arch,
): WinogradGain[] {
  const pairs = channels * outputs, costs = COSTS[arch];
  const direct = 9 * pairs * (n * oh * ow + costs.weight);
  return ([4, 2] as const).map((size) => {
    const tiles = n * Math.ceil(oh / size) * Math.ceil(ow / size), planes = (size + 2) ** 2;
    const transforms = tiles * (costs.input * channels + costs.output * outputs);
    const gain = direct / (planes * (pairs * (tiles + costs.weight) + transforms));
    return { size, gain: tiles < LEAST_TILES ? 0 : gain };
  }).sort((a, b) => b.gain - a.gain);
}

/** Emits a 3x3 convolution of stride 1 of `input` `[n, h, w, c]` with `weight` `[3, 3, c, o]`. */
export function emitWinograd(
  size: TileSize,
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
  const across = Math.ceil(ow / size), down = Math.ceil(oh / size), planes = (size + 2) ** 2;
  const tiles = n * across * down;
  const vRow = Math.ceil(channels / 4) * 16, mRow = Math.ceil(outputs / 4) * 16;
  const { rows, columns } = registerTile(emitter.host);
  const tileBytes = planes * (vRow + mRow), deep = planes * vRow * outputs > tiles * tileBytes;
  const fitting = Math.floor((deep ? DEEP_BLOCK_BYTES : BLOCK_BYTES) / tileBytes / rows) * rows;
  const { threads } = emitter.host;
  const sharers = deep ? 1 : Math.max(1, Math.min(threads, Math.floor(tiles / rows)));
  const blocks = Math.ceil(Math.ceil(tiles / Math.max(rows, fitting)) / sharers) * sharers;
  // Whole register tiles, but for threads alike blocks.
  const unit = sharers > 1 ? 1 : rows;
  const block = Math.min(tiles, Math.ceil(tiles / blocks / unit) * unit);
  // An odd number of cache lines between planes, so that they do not meet in one cache set.
  const plane = (row: number) => align(block * row) + (align(block * row) / 64 % 2 === 0 ? 64 : 0);
  const vPlane = plane(vRow), mPlane = plane(mRow);
  const scratchBytes = align(planes * vRow);
  const v = emitter.workspace(planes * (vPlane + mPlane) + scratchBytes);
  const m = { region: v.region, offset: v.offset + planes * vPlane };
  const scratch = { region: v.region, offset: m.offset + planes * mPlane };
  const planeFloats = panelFloats(channels, outputs, columns);
  const weights = emitter.constant(
    planes * planeFloats,
    (to) => transformWeights(size, weight, channels, outputs, columns, to),
  );
  const biases = emitter.constant(Math.ceil(outputs / 4) * 4, (to) => bias && to.set(bias));
  const emit = (count: number, step: number, first: number) =>
    emitter.emit({
      opcode: size === 4 ? WINOGRAD_4X4 : WINOGRAD_2X2,
      kernel: withActivation(`winograd_${size}x${size}_3x3`, epilogue.activation),
      reason,
      tiles: count,
      words: [
        input.address,
        input.stride,
        h,
        w,
        channels,
        weights,
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
        biases,
        v,
        vPlane,
        m,
        mPlane,
        planeFloats * 4,
        scratch,
        step,
        first,
        panelsTogether(tiles, channels, emitter.host),
        ...activationWords(epilogue.activation),
      ],
    });
  if (!deep || threads === 1) {
    emit(Math.ceil(tiles / block), WHOLE, 0);
    return;
  }
  for (let first = 0; first < tiles; first += block) {
    const count = Math.min(block, tiles - first);
    emit(count, INPUT, first);
    emit(planes, PRODUCT, first);
    emit(count, OUTPUT, first);
  }
}
