/**
 * Writes commands for `asm/preactivated_pointwise.ts`.
 *
 * @module
 */

import { PREACTIVATED_POINTWISE } from "../../asm/kernels.ts";
import { rowsOf } from "../tensor.ts";
import {
  activationWords,
  type Emitter,
  type Epilogue,
  type Limits,
  limitWords,
  type View,
  withActivation,
} from "./emitter.ts";
import { cutProduct, type GemmWeights, gemmWords, registerTile } from "./gemm.ts";

/**
 * Columns that a tile should have, or half of all of them where there are fewer rows to share out: each tile packs its rows, which costs as much as about four columns.
 */
const LEAST_COLUMNS = 128;

/** `x * scale + offset` by channel: both `[c]`. */
export interface Affine {
  readonly scale: ArrayLike<number>;
  readonly offset: ArrayLike<number>;
}

/** Emits output = clamp(input * scale + offset) x weights over all rows of `input`. */
export function emitPreactivatedPointwise(
  input: View,
  { scale, offset }: Affine,
  limits: Limits | undefined,
  weights: GemmWeights,
  output: View,
  epilogue: Epilogue,
  reason: string,
  emitter: Emitter,
): void {
  const { k, n } = weights, m = rowsOf(output.shape);
  const lda = Math.ceil(k / 4) * 16;
  const tile = registerTile(emitter.host);
  const grid = cutProduct(m, k, n, emitter.host, n > m ? Math.min(n / 2, LEAST_COLUMNS) : LEAST_COLUMNS);
  const affine = emitter.constant(lda / 2, (to) => {
    for (let c = 0; c < k; c++) {
      const at = c + (c & ~3);
      to[at] = offset[c];
      to[at + 4] = scale[c];
    }
  });
  emitter.emit({
    opcode: PREACTIVATED_POINTWISE,
    kernel: withActivation(`preactivated_gemm_${tile.rows}x${tile.columns}`, epilogue.activation),
    reason,
    tiles: grid.tiles,
    words: [
      ...gemmWords(emitter.workspace(grid.rows * lda), lda, weights, output, epilogue, grid.rows, emitter),
      input.address,
      input.stride,
      affine,
      ...limitWords(limits),
      ...grid.words,
      ...activationWords(epilogue.activation),
    ],
  });
}
