/**
 * Products by halves: whether they pay, their weights, and commands for `asm/strassen.ts`.
 *
 * @module
 */

import { STRASSEN } from "../../asm/kernels.ts";
import { rowsOf } from "../tensor.ts";
import {
  activationWords,
  ALIGNMENT,
  type Arch,
  type Emitter,
  type Epilogue,
  type Host,
  type Limits,
  limitWords,
  type View,
  withActivation,
} from "./emitter.ts";
import { gemmWords } from "./gemm.ts";
import { type Affine, packAffine } from "./preactivated_pointwise.ts";
import { fillPanels, type GemmWeights, panelColumns, registerTile } from "./panel.ts";

/** Floats that `k` rows of `n` columns take in panels, each packed as two of K / 2 rows, the second one's bias 0. */
export function halvesFloats(k: number, n: number, columns: number): number {
  const whole = Math.floor(n / columns) * columns;
  return (k + 2) * (n === whole ? n : whole + panelColumns(n - whole, columns));
}

/** Packs weights into panels as above. */
export function fillHalves(weights: GemmWeights, to: Float32Array, panel: number): void {
  const { data, columns, k, n } = weights, half = k / 2;
  for (let first = 0; first < n; first += panel) {
    const upper = { ...weights, column: weights.column + first, k: half, n: Math.min(panel, n - first) };
    const at = first * (k + 2), floats = (half + 1) * panelColumns(upper.n, panel);
    fillPanels(upper, to.subarray(at), panel);
    const lower = { ...upper, data: data.subarray(half * columns), bias: undefined };
    fillPanels(lower, to.subarray(at + floats), panel);
  }
}

/** Most bytes of A and of its sums that a tile walks for every pair of panels: they are to stay in an L2 cache. */
const BLOCK_BYTES: Readonly<Record<Arch, number>> = { "x86-64": 2 ** 20, aarch64: 2 ** 19 };

/**
 * What a product by halves takes beside its multiply-adds, counted as such: for each element of A, of the weights in each tile along M, of the output, and of
 * a residual. Seven products for eight gain where that is made up for. Measured in networks on x86-64; on aarch64 sums are as modelled (docs/arm.md), the rest is taken over.
 */
const COSTS: Readonly<Record<Arch, { a: number; w: number; c: number; residual: number }>> = {
  "x86-64": { a: 3, w: 6, c: 6, residual: 7 },
  aarch64: { a: 5, w: 8, c: 6, residual: 7 },
};
/** The same for normalising an element of A, which products by panels do as well, but those cut into columns do again for each. */
const NORM_COST = 4;

/** Most pairs of rows of A in a tile. */
function mostRows(k: number, arch: Arch): number {
  return BLOCK_BYTES[arch] / (16 * k);
}

/** How many times as fast as by panels a product `[m, k] x [k, n]` should be by halves. */
export function rateStrassen(m: number, k: number, n: number, residual: boolean, arch: Arch): number {
  const down = Math.ceil(m / 2 / mostRows(k, arch));
  const { a, w, c, residual: added } = COSTS[arch];
  return 1 / (7 / 8 + a / n + down * w / m + (c + (residual ? added : 0)) / k);
}

/** A way to multiply: by halves or by panels, and why. */
export interface ProductWay {
  readonly halves: boolean;
  readonly reason: string;
}

/** Halves are taken from this estimated gain over panels on. */
const LEAST_GAIN = 1.02;

/** The ways to multiply `[m, k] x [k, n]`, the one that should be faster first; `panels` says why there are products to multiply at all. K is to be cut into whole pairs of vectors. */
export function waysOfProduct(
  m: number,
  k: number,
  n: number,
  residual: boolean,
  arch: Arch,
  panels: string,
): [ProductWay, ...ProductWay[]] {
  const byPanels = { halves: false, reason: panels };
  if (k % 16 !== 0) return [byPanels];
  const gain = rateStrassen(m, k, n, residual, arch);
  const byHalves = { halves: true, reason: `${panels}; by halves about ${gain.toFixed(2)} times as fast` };
  return gain >= LEAST_GAIN ? [byHalves, byPanels] : [byPanels, byHalves];
}

/** Bytes that keep buffers of the scratch memory out of the same sets of a cache, `PAD` in `asm/strassen.ts`. */
const PAD = 5 * ALIGNMENT;

/** How a product by halves is cut. */
export interface HalvesGrid {
  /** Pairs of rows that a tile takes. */
  readonly rows: number;
  /** Columns of a tile: whole pairs of panels. */
  readonly columns: number;
}

/** What threads wait for one another, as a share of the work of a tile: of cores that differ, as those of rented machines do for minutes, the slower one begins its last tile late. */
const WAIT = 0.3;

/**
 * Cuts a product by halves. One thread takes as many rows as cache holds with their sums, and all columns; where several share the work, the busiest is to have least
 * to do: tiles side by side add up the same rows, those one below the other the same weights. Columns are cut only where there are few rows: the next layer would
 * find half of each row in another thread's cache, which costs MobileNetV2 1 % on two threads.
 */
export function cutHalves(
  m: number,
  k: number,
  n: number,
  { arch, threads }: Host,
  normalized = false,
): HalvesGrid {
  const { a, w, c } = COSTS[arch], rowCost = a + (normalized ? NORM_COST : 0);
  const tile = registerTile({ arch, threads }), pair = 2 * tile.columns, height = Math.ceil(m / 2);
  const units = Math.ceil(height / tile.rows), pairs = Math.ceil(n / pair);
  const most = Math.max(1, Math.floor(mostRows(k, arch) / tile.rows)), least = Math.ceil(units / most);
  let best = Infinity, grid = { rows: Math.ceil(units / least) * tile.rows, columns: pairs * pair };
  if (threads === 1) return grid;
  const mostAcross = units < 2 * threads ? Math.min(pairs, 4 * threads) : 1;
  for (let across = 1; across <= mostAcross; across++) {
    for (let down = least; down <= Math.min(units, least + 4 * threads); down++) {
      const rows = Math.ceil(units / down) * tile.rows, columns = Math.ceil(pairs / across) * pair;
      const tiles = Math.ceil(height / rows) * Math.ceil(n / columns);
      const work = 2 * rows * columns * (7 / 8 + c / k) + 2 * rowCost * rows + w * columns;
      const time = work * (Math.ceil(tiles / threads) + WAIT);
      if (time < best) [best, grid] = [time, { rows, columns }];
    }
  }
  return grid;
}

/** What becomes of the input before it is multiplied. */
export interface Normalization {
  readonly affine: Affine;
  readonly limits?: Limits;
}

/** Emits output = input x weights over all rows of `input`, normalised or not, by halves. */
export function emitStrassen(
  input: View,
  weights: GemmWeights,
  output: View,
  epilogue: Epilogue,
  reason: string,
  emitter: Emitter,
  norm?: Normalization,
): void {
  const { host } = emitter, tile = registerTile(host);
  const m = rowsOf(output.shape), { k, n } = weights;
  const { rows, columns } = cutHalves(m, k, n, host, norm !== undefined);
  const down = Math.ceil(m / 2 / rows), across = Math.ceil(n / columns);
  const packed = emitter.constant(
    halvesFloats(k, n, tile.columns),
    (to) => fillHalves(weights, to, tile.columns),
  );
  emitter.emit({
    opcode: STRASSEN,
    kernel: withActivation(
      `${norm ? "preactivated_" : ""}strassen_${tile.rows}x${tile.columns}`,
      epilogue.activation,
    ),
    reason,
    tiles: down * across,
    words: [
      ...gemmWords(input.address, input.stride, weights, output, epilogue, rows, emitter, packed),
      ...[columns, across, 0, 1],
      ...activationWords(epilogue.activation),
      emitter.workspace(
        4 * (rows * ((norm ? 4 : 2) * k + 3 * tile.columns) + 4 * (k / 2 + 1) * tile.columns) + 8 * PAD,
      ),
      ...norm ? [packAffine(norm.affine, 0, k, emitter), ...limitWords(norm.limits)] : [0, 0, 0],
    ],
  });
}
