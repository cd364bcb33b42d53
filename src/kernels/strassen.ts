/**
 * Plans products by halves, `asm/strassen.ts`: whether they pay, their tiles, and their weights.
 *
 * @module
 */

import { ALIGNMENT, type Arch, type Host } from "./emitter.ts";
import type { Grid } from "./gemm.ts";
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
 * What a product by halves takes beside its multiply-adds, measured as such: for each element of A, of the weights in each tile along M, of the output, and of
 * a residual. Seven products for eight gain where that is made up for.
 */
const A_COST = 3, W_COST = 6, C_COST = 6, RESIDUAL_COST = 7;

/** Most rows of the upper half of A in a tile. */
function mostRows(k: number, arch: Arch): number {
  return BLOCK_BYTES[arch] / (16 * k);
}

/** How many times as fast as by panels a product `[m, k] x [k, n]` should be by halves. */
export function rateStrassen(m: number, k: number, n: number, residual: boolean, arch: Arch): number {
  const down = Math.ceil(m / 2 / mostRows(k, arch));
  return 1 / (7 / 8 + A_COST / n + down * W_COST / m + (C_COST + (residual ? RESIDUAL_COST : 0)) / k);
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

/** Cuts a product by halves into tiles, of rows of its upper half, so that the busiest thread has least to do. */
export function cutHalves(m: number, k: number, n: number, host: Host): Grid {
  const tile = registerTile(host), pair = 2 * tile.columns, height = Math.ceil(m / 2);
  const units = Math.ceil(height / tile.rows), pairs = Math.ceil(n / pair);
  const most = Math.max(1, Math.floor(mostRows(k, host.arch) / tile.rows));
  const least = Math.ceil(units / most), shared = host.threads > 1;
  let best = Infinity, rows = 0, columns = 0;
  for (let across = 1; across <= (shared ? Math.min(pairs, 4 * host.threads) : 1); across++) {
    for (let down = least; down <= (shared ? Math.min(units, least + 4 * host.threads) : least); down++) {
      const high = Math.ceil(units / down) * tile.rows, wide = Math.ceil(pairs / across) * pair;
      const tiles = Math.ceil(height / high) * Math.ceil(n / wide);
      const each = 2 * high * wide * (7 / 8 + C_COST / k) + 2 * A_COST * high + W_COST * wide;
      const busiest = Math.ceil(tiles / host.threads) * each;
      if (busiest < best) [best, rows, columns] = [busiest, high, wide];
    }
  }
  const down = Math.ceil(height / rows), across = Math.ceil(n / columns);
  return {
    rows,
    tiles: down * across,
    words: [columns, n > m ? down : across, n > m ? 1 : 0, 1],
    scratch: 4 * (rows * (2 * k + 3 * tile.columns) + 4 * (k / 2 + 1) * tile.columns) + 8 * PAD,
  };
}
