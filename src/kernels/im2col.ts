/**
 * Writes commands for `asm/im2col.ts`.
 *
 * @module
 */

import { IM2COL } from "../../asm/kernels.ts";
import type { Window } from "../geometry.ts";
import { channelsOf, rowsOf } from "../tensor.ts";
import { activationWords, type Emitter, type Epilogue, type View, withActivation } from "./emitter.ts";
import { cutProduct, gemmWords } from "./gemm.ts";
import { type GemmWeights, registerTile } from "./panel.ts";

/** Emits a convolution of `input` `[n, h, w, c]` (c of the group) to `output` `[n, oh, ow, columns]`. */
export function emitIm2col(
  input: View,
  window: Window,
  weights: GemmWeights,
  output: View,
  epilogue: Epilogue,
  reason: string,
  emitter: Emitter,
): void {
  const lda = Math.ceil(weights.k / 4) * 16;
  const tile = registerTile(emitter.host);
  const grid = cutProduct(rowsOf(output.shape), weights.k, weights.n, emitter.host);
  // 16 bytes more: the last copy of the last field may run over.
  const fields = emitter.workspace(grid.rows * lda + 16);
  const [, h, w] = input.shape;
  const [, oh, ow] = output.shape;
  emitter.emit({
    opcode: IM2COL,
    kernel: withActivation(`im2col_gemm_${tile.rows}x${tile.columns}`, epilogue.activation),
    reason,
    tiles: grid.tiles,
    words: [
      ...gemmWords(fields, lda, weights, output, epilogue, grid.rows, emitter),
      input.address,
      input.stride,
      h,
      w,
      channelsOf(input.shape),
      ...window.kernel,
      ...window.strides,
      window.padding[0],
      window.padding[1],
      ...window.dilations,
      oh,
      ow,
      ...grid.words,
      ...activationWords(epilogue.activation),
    ],
  });
}
