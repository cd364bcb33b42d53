/**
 * Writes commands for `asm/gemm.ts` and packs its weights.
 *
 * @module
 */

import { GEMM } from "../../asm/kernels.ts";
import { rowsOf } from "../tensor.ts";
import {
  type Address,
  type Emitter,
  type Limits,
  limitWords,
  tileRows,
  type View,
  type Word,
} from "./emitter.ts";

/** Rows of the register tile. */
export const TILE_ROWS = 6;
/** Columns of the register tile and of a panel. */
export const TILE_COLUMNS = 8;
/** Most bytes of A that a tile walks for every panel: half of a small L2 cache. */
export const A_BLOCK_BYTES = 256 * 1024;

/** What happens to a product before it is stored. */
export interface Epilogue {
  /** Added to the product. */
  readonly residual?: View;
  /** Clamp after the addition. */
  readonly limits?: Limits;
}

/** A weight matrix `[k, n]` and its bias `[n]`: n columns of a `[k, columns]` array from `column` on. */
export interface GemmWeights {
  readonly data: Float32Array;
  readonly columns: number;
  readonly column: number;
  readonly k: number;
  readonly n: number;
  readonly bias?: Float32Array;
}

/** Floats that weights take in panels of `width` columns. */
export function panelFloats({ k, n }: GemmWeights, width: number = TILE_COLUMNS): number {
  return Math.ceil(n / width) * (k + 1) * width;
}

/** Packs weights into panels of `width` columns, bias first, zero-filled. */
export function fillPanels(weights: GemmWeights, to: Float32Array, width: number = TILE_COLUMNS): void {
  const { data, columns, column, k, n, bias } = weights;
  let at = 0;
  for (let first = 0; first < n; first += width) {
    const count = Math.min(width, n - first);
    if (bias) { for (let j = 0; j < count; j++) to[at + j] = bias[column + first + j]; }
    at += width;
    for (let i = 0, from = column + first; i < k; i++, from += columns) {
      for (let j = 0; j < count; j++) to[at + j] = data[from + j];
      at += width;
    }
  }
}

/** Words 0-12 of the parameter block, which im2col shares. */
export function gemmWords(
  a: Address,
  lda: number,
  weights: GemmWeights,
  output: View,
  epilogue: Epilogue,
  rows: number,
  emitter: Emitter,
): Word[] {
  const [lo, hi] = limitWords(epilogue.limits);
  return [
    a,
    lda,
    rowsOf(output.shape),
    weights.k,
    weights.n,
    emitter.constant(panelFloats(weights), (to) => fillPanels(weights, to)),
    output.address,
    output.stride,
    epilogue.residual?.address ?? 0,
    epilogue.residual?.stride ?? 0,
    lo,
    hi,
    rows,
  ];
}

/** Emits output = input x weights over all rows of `input`. */
export function emitGemm(
  input: View,
  weights: GemmWeights,
  output: View,
  epilogue: Epilogue,
  reason: string,
  emitter: Emitter,
): void {
  const m = rowsOf(output.shape);
  const rows = tileRows(m, weights.k * weights.n, emitter.host, TILE_ROWS, A_BLOCK_BYTES / (weights.k * 4));
  emitter.emit({
    opcode: GEMM,
    kernel: `gemm_${TILE_ROWS}x${TILE_COLUMNS}`,
    reason,
    tiles: Math.ceil(m / rows),
    words: gemmWords(input.address, input.stride, weights, output, epilogue, rows, emitter),
  });
}
