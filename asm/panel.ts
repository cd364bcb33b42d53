/**
 * Rows of A times panels of weights, cut into the register tiles of the build's processor. A panel is its bias, then its rows: `panelColumns` floats each.
 *
 * `rows5` and its like compute `count` tiles of so many rows, each `aStep`, `wStep`, `cStep` and `rStep` bytes and `columns` columns behind the one before: along the
 * rows or from panel to panel. A call for each tile costs networks up to 1 % of their time.
 */
import { AARCH64 } from "./simd";
import { tile4x16 } from "./tile_4x16";
import { tile5x8 } from "./tile_5x8";

function rows5(
  count: i32,
  aStep: usize,
  wStep: usize,
  cStep: usize,
  rStep: usize,
  columns: i32,
  segments: i32,
  gap: usize,
  a: usize,
  lda: usize,
  k: i32,
  w: usize,
  c: usize,
  ldc: usize,
  r: usize,
  ldr: usize,
  lo: v128,
  hi: v128,
  n: i32,
  slope: usize,
): void {
  do {
    tile5x8(5, segments, gap, a, lda, k, w, c, ldc, r, ldr, lo, hi, n, slope);
    a += aStep;
    w += wStep;
    c += cStep;
    r += rStep;
    n -= columns;
  } while (--count);
}

function rows4(
  count: i32,
  aStep: usize,
  wStep: usize,
  cStep: usize,
  rStep: usize,
  columns: i32,
  segments: i32,
  gap: usize,
  a: usize,
  lda: usize,
  k: i32,
  w: usize,
  c: usize,
  ldc: usize,
  r: usize,
  ldr: usize,
  lo: v128,
  hi: v128,
  n: i32,
  slope: usize,
): void {
  do {
    if (AARCH64) tile4x16(4, true, segments, gap, a, lda, k, w, c, ldc, r, ldr, lo, hi, n, slope);
    else tile5x8(4, segments, gap, a, lda, k, w, c, ldc, r, ldr, lo, hi, n, slope);
    a += aStep;
    w += wStep;
    c += cStep;
    r += rStep;
    n -= columns;
  } while (--count);
}

function rows2(
  count: i32,
  aStep: usize,
  wStep: usize,
  cStep: usize,
  rStep: usize,
  columns: i32,
  segments: i32,
  gap: usize,
  a: usize,
  lda: usize,
  k: i32,
  w: usize,
  c: usize,
  ldc: usize,
  r: usize,
  ldr: usize,
  lo: v128,
  hi: v128,
  n: i32,
  slope: usize,
): void {
  do {
    if (AARCH64) tile4x16(2, true, segments, gap, a, lda, k, w, c, ldc, r, ldr, lo, hi, n, slope);
    else tile5x8(2, segments, gap, a, lda, k, w, c, ldc, r, ldr, lo, hi, n, slope);
    a += aStep;
    w += wStep;
    c += cStep;
    r += rStep;
    n -= columns;
  } while (--count);
}

function rows1(
  count: i32,
  aStep: usize,
  wStep: usize,
  cStep: usize,
  rStep: usize,
  columns: i32,
  segments: i32,
  gap: usize,
  a: usize,
  lda: usize,
  k: i32,
  w: usize,
  c: usize,
  ldc: usize,
  r: usize,
  ldr: usize,
  lo: v128,
  hi: v128,
  n: i32,
  slope: usize,
): void {
  do {
    if (AARCH64) tile4x16(1, true, segments, gap, a, lda, k, w, c, ldc, r, ldr, lo, hi, n, slope);
    else tile5x8(1, segments, gap, a, lda, k, w, c, ldc, r, ldr, lo, hi, n, slope);
    a += aStep;
    w += wStep;
    c += cStep;
    r += rStep;
    n -= columns;
  } while (--count);
}

function halfRows4(
  segments: i32,
  gap: usize,
  a: usize,
  lda: usize,
  k: i32,
  w: usize,
  c: usize,
  ldc: usize,
  r: usize,
  ldr: usize,
  lo: v128,
  hi: v128,
  n: i32,
  slope: usize,
): void {
  tile4x16(4, false, segments, gap, a, lda, k, w, c, ldc, r, ldr, lo, hi, n, slope);
}

function halfRows2(
  segments: i32,
  gap: usize,
  a: usize,
  lda: usize,
  k: i32,
  w: usize,
  c: usize,
  ldc: usize,
  r: usize,
  ldr: usize,
  lo: v128,
  hi: v128,
  n: i32,
  slope: usize,
): void {
  tile4x16(2, false, segments, gap, a, lda, k, w, c, ldc, r, ldr, lo, hi, n, slope);
}

function halfRows1(
  segments: i32,
  gap: usize,
  a: usize,
  lda: usize,
  k: i32,
  w: usize,
  c: usize,
  ldc: usize,
  r: usize,
  ldr: usize,
  lo: v128,
  hi: v128,
  n: i32,
  slope: usize,
): void {
  tile4x16(1, false, segments, gap, a, lda, k, w, c, ldc, r, ldr, lo, hi, n, slope);
}

/** Columns of the panel that holds the first of `n` columns: 16 on aarch64, 8 where that is enough, 8 elsewhere. */
@inline
export function panelColumns(n: i32): i32 {
  return AARCH64 && n > 8 ? 16 : 8;
}

/** How many of `rows` the tiles of five take first: fours in place of some of the fives leave no remainder, whose few sums would wait for one another. */
@inline
function rowsOfFives(rows: i32): i32 {
  const fours = (5 - rows % 5) % 5;
  return rows < 4 * fours ? rows : rows - 4 * fours;
}

/** Rows of the first register tile that `panel` cuts off `rows` on x86-64. */
@inline
export function stripRows(rows: i32): i32 {
  return rowsOfFives(rows) >= 5 ? 5 : min(rows, 4);
}

/**
 * C[m, n] = clamp(leaky(bias[n] + sum_k A[m, k] * W[k, n] + R[m, n])) for `rows` rows and the first `n` columns of a panel; `n` past its width counts as its width. A
 * row of A is `segments` runs of `k` floats, `gap` bytes between them; rows are `lda`, `ldc` and `ldr` bytes apart. `r` may be 0 for none, with `ldr` 0; `slope` (0:
 * none) is the address of the slope of a leaky ReLU.
 */
export function panel(
  rows: i32,
  segments: i32,
  gap: usize,
  a: usize,
  lda: usize,
  k: i32,
  w: usize,
  c: usize,
  ldc: usize,
  r: usize,
  ldr: usize,
  least: f32,
  most: f32,
  n: i32,
  slope: usize,
): void {
  const lo = f32x4.splat(least), hi = f32x4.splat(most);
  if (AARCH64 && n <= 8) {
    for (; rows >= 4; rows -= 4) {
      halfRows4(segments, gap, a, lda, k, w, c, ldc, r, ldr, lo, hi, n, slope);
      a += 4 * lda;
      c += 4 * ldc;
      r += 4 * ldr;
    }
    if (rows & 2) {
      halfRows2(segments, gap, a, lda, k, w, c, ldc, r, ldr, lo, hi, n, slope);
      a += 2 * lda;
      c += 2 * ldc;
      r += 2 * ldr;
    }
    if (rows & 1) halfRows1(segments, gap, a, lda, k, w, c, ldc, r, ldr, lo, hi, n, slope);
    return;
  }
  if (!AARCH64) {
    const fives = rowsOfFives(rows) / 5;
    if (fives > 0) {
      rows5(fives, 5 * lda, 0, 5 * ldc, 5 * ldr, 0, segments, gap, a, lda, k, w, c, ldc, r, ldr, lo, hi, n, slope);
      const done = 5 * fives;
      a += <usize> done * lda;
      c += <usize> done * ldc;
      r += <usize> done * ldr;
      rows -= done;
    }
  }
  if (rows >= 4) {
    rows4(rows >> 2, 4 * lda, 0, 4 * ldc, 4 * ldr, 0, segments, gap, a, lda, k, w, c, ldc, r, ldr, lo, hi, n, slope);
    const done = rows & ~3;
    a += <usize> done * lda;
    c += <usize> done * ldc;
    r += <usize> done * ldr;
  }
  if (rows & 2) {
    rows2(1, 0, 0, 0, 0, 0, segments, gap, a, lda, k, w, c, ldc, r, ldr, lo, hi, n, slope);
    a += 2 * lda;
    c += 2 * ldc;
    r += 2 * ldr;
  }
  if (rows & 1) rows1(1, 0, 0, 0, 0, 0, segments, gap, a, lda, k, w, c, ldc, r, ldr, lo, hi, n, slope);
}

/** `panel` for `rows` rows, at most those of a register tile, and `count` panels one after the other; on x86-64. */
export function strip(
  rows: i32,
  count: i32,
  segments: i32,
  gap: usize,
  a: usize,
  lda: usize,
  k: i32,
  w: usize,
  c: usize,
  ldc: usize,
  r: usize,
  ldr: usize,
  least: f32,
  most: f32,
  n: i32,
  slope: usize,
): void {
  const lo = f32x4.splat(least), hi = f32x4.splat(most);
  const wStep = <usize> (segments * k + 1) << 5, rStep: usize = r ? 32 : 0;
  if (rows == 5) rows5(count, 0, wStep, 32, rStep, 8, segments, gap, a, lda, k, w, c, ldc, r, ldr, lo, hi, n, slope);
  else if (rows == 4) rows4(count, 0, wStep, 32, rStep, 8, segments, gap, a, lda, k, w, c, ldc, r, ldr, lo, hi, n, slope);
  else {
    if (rows & 2) {
      rows2(count, 0, wStep, 32, rStep, 8, segments, gap, a, lda, k, w, c, ldc, r, ldr, lo, hi, n, slope);
      a += 2 * lda;
      c += 2 * ldc;
      r += 2 * ldr;
    }
    if (rows & 1) rows1(count, 0, wStep, 32, rStep, 8, segments, gap, a, lda, k, w, c, ldc, r, ldr, lo, hi, n, slope);
  }
}
