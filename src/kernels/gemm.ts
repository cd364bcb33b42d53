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
  type Host,
  type Limits,
  limitWords,
  tileRows,
  type View,
  type Word,
} from "./emitter.ts";

/** Rows and columns of the register tile. */
export interface RegisterTile {
  readonly rows: number;
  /** Columns, and those of a panel of weights. */
  readonly columns: number;
}

/** The register tile of a host: x86-64 has 15 vector registers to offer, aarch64 28. */
export function registerTile({ arch }: Host): RegisterTile {
  return arch === "aarch64" ? { rows: 4, columns: 16 } : { rows: 6, columns: 8 };
}

/** Columns of the panel that holds the first of `n` columns: half a panel of 16 where that is enough. */
export function panelColumns(n: number, columns: number): number {
  return columns === 16 && n <= 8 ? 8 : columns;
}

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

/** Floats that `k` rows of `n` columns and their bias take in panels of `columns` columns. */
export function panelFloats(k: number, n: number, columns: number): number {
  const whole = Math.floor(n / columns) * columns;
  return (k + 1) * (n === whole ? n : whole + panelColumns(n - whole, columns));
}

/** Packs weights into panels of `panel` columns, bias first, zero-filled. */
export function fillPanels(weights: GemmWeights, to: Float32Array, panel: number): void {
  const { data, columns, column, k, n, bias } = weights;
  let at = 0;
  for (let first = 0; first < n; first += panel) {
    const width = panelColumns(n - first, panel);
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
  const { columns } = registerTile(emitter.host);
  return [
    a,
    lda,
    rowsOf(output.shape),
    weights.k,
    weights.n,
    emitter.constant(panelFloats(weights.k, weights.n, columns), (to) => fillPanels(weights, to, columns)),
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
  const tile = registerTile(emitter.host);
  const rows = tileRows(m, weights.k * weights.n, emitter.host, tile.rows, A_BLOCK_BYTES / (weights.k * 4));
  emitter.emit({
    opcode: GEMM,
    kernel: `gemm_${tile.rows}x${tile.columns}`,
    reason,
    tiles: Math.ceil(m / rows),
    words: gemmWords(input.address, input.stride, weights, output, epilogue, rows, emitter),
  });
}
