/**
 * A pointwise convolution of a map that is scaled, shifted and clamped by channel first: a tile of rows is packed into workspace as clamp(x * scale + shift), where it
 * stays in cache, and multiplied from there. Where columns are cut too, each of their tiles packs its rows again.
 *
 * Rows are packed K rounded up to 4 floats wide; up to 12 bytes past the last channel of a pixel are read.
 *
 * Parameter block: 0-12 as in gemm.ts, with A in workspace; then 13 input, 14 pixel stride (bytes), 15 shifts and scales by four channels, 16 and 17 their clamp
 * (f32), 18-24 the grid of tiles and the activation as in gemm.ts.
 */
import { block, rowTile } from "./gemm";
import { madd, splatWord, vmax, vmin, word } from "./simd";

/**
 * Packs `rows` rows of K channels that lie `pixel` bytes apart as `affine`, three words, tells: shifts and scales, and their clamp. Two rows at a time, so that cores that execute in order
 * wait half as often; of an odd number the last one is written twice.
 */
export function pack(affine: usize, k: i32, from: usize, pixel: usize, rows: i32, to: usize, lda: usize): void {
  const lo = splatWord(affine, 1), hi = splatWord(affine, 2);
  for (; rows > 0; rows -= 2) {
    let w = <usize> word(affine, 0);
    let x0 = from, y0 = to;
    let x1 = rows > 1 ? x0 + pixel : x0, y1 = rows > 1 ? y0 + lda : y0;
    for (let i = k; i > 0; i -= 4) {
      const shift = v128.load(w), scale = v128.load(w, 16);
      let a = v128.load(x0), b = v128.load(x1);
      a = madd(a, scale, shift);
      b = madd(b, scale, shift);
      a = vmax(a, lo);
      b = vmax(b, lo);
      v128.store(y0, vmin(a, hi));
      v128.store(y1, vmin(b, hi));
      w += 32;
      x0 += 16;
      x1 += 16;
      y0 += 16;
      y1 += 16;
    }
    from += 2 * pixel;
    to += 2 * lda;
  }
}

/** Kernel `preactivated_pointwise`: tile `index` of the product; `local` is the offset of this thread's workspace. */
export function preactivated_pointwise(params: usize, index: i32, local: usize): void {
  const grid = params + 72;
  const tileRows = word(params, 12);
  const first = rowTile(grid, index) * tileRows;
  const rows = min(tileRows, word(params, 2) - first);
  const a = <usize> word(params, 0) + local, lda = <usize> word(params, 1);
  const pixel = <usize> word(params, 14), from = <usize> word(params, 13) + <usize> first * pixel;
  pack(params + 60, word(params, 3), from, pixel, rows, a, lda);
  block(params, grid, index, a, lda, first, rows);
}
