/**
 * Writes commands for `asm/preactivated_pointwise.ts`.
 *
 * @module
 */

import { PREACTIVATED_POINTWISE } from "../../asm/kernels.ts";
import { rowsOf } from "../tensor.ts";
import {
  activationWords,
  type Address,
  type Emitter,
  type Epilogue,
  type Limits,
  limitWords,
  subview,
  type View,
  withActivation,
} from "./emitter.ts";
import { cutDepth, cutProduct, gemmWords } from "./gemm.ts";
import { type GemmWeights, registerTile } from "./panel.ts";

/**
 * Columns that a tile should have, or half of all of them where there are fewer rows to share out: each tile packs its rows, which costs as much as about four columns.
 */
const LEAST_COLUMNS = 128;

/** `x * scale + offset` by channel: both `[c]`. */
export interface Affine {
  readonly scale: ArrayLike<number>;
  readonly offset: ArrayLike<number>;
}

/** Places offsets and scales of `k` channels from `first` on in constant memory, four of each in turn. */
export function packAffine({ scale, offset }: Affine, first: number, k: number, emitter: Emitter): Address {
  return emitter.constant(Math.ceil(k / 4) * 8, (to) => {
    for (let c = 0; c < k; c++) {
      const at = c + (c & ~3);
      to[at] = offset[first + c];
      to[at + 4] = scale[first + c];
    }
  });
}

/** Emits output = clamp(input * scale + offset) x weights over all rows of `input`. */
export function emitPreactivatedPointwise(
  input: View,
  affine: Affine,
  limits: Limits | undefined,
  weights: GemmWeights,
  output: View,
  epilogue: Epilogue,
  reason: string,
  emitter: Emitter,
): void {
  const { host } = emitter, tile = registerTile(host);
  const m = rowsOf(output.shape);
  for (const part of cutDepth(m, weights, output, epilogue, host)) {
    const { k, n } = part.weights;
    const lda = Math.ceil(k / 4) * 16;
    const grid = cutProduct(m, k, n, host, n > m ? Math.min(n / 2, LEAST_COLUMNS) : LEAST_COLUMNS);
    const a = subview(input, 0, part.from, [...input.shape.slice(0, -1), k]);
    emitter.emit({
      opcode: PREACTIVATED_POINTWISE,
      kernel: withActivation(`preactivated_gemm_${tile.rows}x${tile.columns}`, epilogue.activation),
      reason,
      tiles: grid.tiles,
      words: [
        ...gemmWords(
          emitter.workspace(grid.rows * lda),
          lda,
          part.weights,
          output,
          part.epilogue,
          grid.rows,
          emitter,
        ),
        a.address,
        a.stride,
        packAffine(affine, part.from, k, emitter),
        ...limitWords(limits),
        ...grid.words,
        ...activationWords(part.epilogue.activation),
      ],
    });
  }
}
