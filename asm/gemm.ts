/**
 * f32 matrix product with fused epilogue: C[m, n] = activation(bias[n] + sum_k A[m, k] * W[k, n] + R[m, n]), a clamp or another.
 *
 * A is rows of K floats, `lda` bytes apart: pixels of an NHWC tensor, or a tile packed by im2col. W is packed in panels (panel.ts) of 8 columns on x86-64 and of 16
 * on aarch64, each panel its bias and then its rows, zero-filled past N:
 *
 *     panel 0: bias[0..7] w[k=0][0..7] w[k=1][0..7] ... w[k=K-1][0..7]
 *     panel 1: bias[8..15] w[0][8..15] ...
 *
 * Nothing is read past a row of A or stored past column N.
 *
 * Parameter block, 32-bit words: 0 A, 1 lda, 2 M, 3 K, 4 N, 5 W, 6 C, 7 ldc, 8 R (0: none), 9 ldr, 10 lo (f32), 11 hi (f32), 12 rows a tile; then the grid of
 * tiles: 13 columns a tile (whole panels), 14 tiles along the inner axis, 15 whether that is the rows, 16 panels together; 17-19 the activation as in unary.ts.
 * Addresses and strides are in bytes.
 */
import { panel, panelColumns, strip, stripRows } from "./panel";
import { AARCH64, word } from "./simd";
import { activate, slopeOf } from "./unary";

/**
 * Multiplies `rows` rows of `a`, each of `segments` runs as in panel.ts, by all panels. `c` and `r` (0: none) point at the first of these rows; `activation` (0: none)
 * at the three words that tell it. A leaky ReLU is applied in registers, any other to the rows together: they are long, and still in cache.
 *
 * Panels are outermost, each read once and kept in L1 over the rows, where `together` is 1. Where it is more, each register tile's rows run through so many panels
 * before the next rows do: weights that come from memory are read on and on, as prefetchers like it, instead of panel by panel with all the rows between, which
 * stalls at every panel's begin: 7x7 maps of 512 channels whose weights are cold reach 88 % of the peak instead of 76 %.
 */
export function multiply(
  segments: i32,
  gap: usize,
  a: usize,
  lda: usize,
  rows: i32,
  k: i32,
  columns: i32,
  together: i32,
  w: usize,
  c: usize,
  ldc: usize,
  r: usize,
  ldr: usize,
  least: f32,
  most: f32,
  activation: usize,
): void {
  const slope = activation ? slopeOf(activation) : 0;
  for (let n = 0; n < columns;) {
    const along = <usize> n << 2, left = columns - n;
    let width = panelColumns(left);
    if (AARCH64 || together == 1) {
      panel(rows, segments, gap, a, lda, k, w, c + along, ldc, r ? r + along : 0, ldr, least, most, left, slope);
    } else {
      const panels = min(together, (left + 7) >> 3);
      width *= panels;
      let aRow = a, cRow = c + along, rRow = r ? r + along : 0;
      for (let m = rows; m > 0;) {
        const some = stripRows(m);
        strip(some, panels, segments, gap, aRow, lda, k, w, cRow, ldc, rRow, ldr, least, most, left, slope);
        aRow += <usize> some * lda;
        cRow += <usize> some * ldc;
        rRow += <usize> some * ldr;
        m -= some;
      }
    }
    w += <usize> (width * (segments * k + 1)) << 2;
    n += width;
  }
  if (activation && !slope) activate(activation, c, ldc, rows, columns);
}

/** Index among the tiles along M of tile `index` in `grid`, the words of a grid of tiles. */
@inline
export function rowTile(grid: usize, index: i32): i32 {
  return word(grid, 2) ? index % word(grid, 1) : index / word(grid, 1);
}

/**
 * `multiply` for the columns of tile `index` in `grid`, behind which lies the activation, with what is left told by a parameter block; `first` is the index of the
 * first of these rows in C.
 */
export function block(params: usize, grid: usize, index: i32, a: usize, lda: usize, first: i32, rows: i32): void {
  const k = word(params, 3), columns = word(grid, 0);
  const column = columns * (word(grid, 2) ? index / word(grid, 1) : index % word(grid, 1));
  const ldc = <usize> word(params, 7), ldr = <usize> word(params, 9);
  const r = <usize> word(params, 8);
  const along = <usize> column << 2;
  multiply(
    1,
    0,
    a,
    lda,
    rows,
    k,
    min(columns, word(params, 4) - column),
    word(grid, 3),
    <usize> word(params, 5) + along * <usize> (k + 1),
    <usize> word(params, 6) + <usize> first * ldc + along,
    ldc,
    r ? r + <usize> first * ldr + along : 0,
    r ? ldr : 0,
    load<f32>(params, 40),
    load<f32>(params, 44),
    grid + 16,
  );
}

/** Kernel `gemm`: tile `index` of a product whose A lies in memory as it is (a pointwise convolution, a dense layer). */
export function gemm(params: usize, index: i32): void {
  const grid = params + 52;
  const tileRows = word(params, 12);
  const first = rowTile(grid, index) * tileRows;
  const lda = <usize> word(params, 1);
  const a = <usize> word(params, 0) + <usize> first * lda;
  block(params, grid, index, a, lda, first, min(tileRows, word(params, 2) - first));
}
