/**
 * Register tiles, and weights in panels as `asm/panel.ts` reads them.
 *
 * @module
 */

import type { Address, Emitter, Host } from "./emitter.ts";

/** Rows and columns of the register tile. */
export interface RegisterTile {
  readonly rows: number;
  /** Columns, and those of a panel of weights. */
  readonly columns: number;
}

/** The register tile of a host: x86-64 has 15 vector registers to offer, aarch64 28. */
export function registerTile({ arch }: Host): RegisterTile {
  return arch === "aarch64" ? { rows: 4, columns: 16 } : { rows: 5, columns: 8 };
}

/** Columns of the panel that holds the first of `n` columns: half a panel of 16 where that is enough. */
export function panelColumns(n: number, columns: number): number {
  return columns === 16 && n <= 8 ? 8 : columns;
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

/** Places weights, packed into panels of the register tile, in constant memory. */
export function packPanels(weights: GemmWeights, emitter: Emitter): Address {
  const { columns } = registerTile(emitter.host);
  return emitter.constant(
    panelFloats(weights.k, weights.n, columns),
    (to) => fillPanels(weights, to, columns),
  );
}
