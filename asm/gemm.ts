/**
 * f32 matrix product with fused epilogue: C[m, n] = clamp(bias[n] + sum_k A[m, k] * W[k, n] + R[m, n]).
 *
 * A is rows of K floats, `lda` bytes apart: pixels of an NHWC tensor, or a tile packed by im2col. W is packed in panels of 8 columns,
 * each panel its bias and then its rows, zero-filled past N:
 *
 *     panel 0: bias[0..7] w[k=0][0..7] w[k=1][0..7] ... w[k=K-1][0..7]
 *     panel 1: bias[8..15] w[0][8..15] ...
 *
 * The tile is 6 rows by 8 columns: 12 accumulators, 2 weights and 1 splat fill the 15 vector registers V8 leaves on x86-64. Rows past the
 * last multiple of 6 go through tiles of 4, 2 and 1 rows. Nothing is read past a row of A or stored past column N.
 *
 * Parameter block, 32-bit words: 0 A, 1 lda, 2 M, 3 K, 4 N, 5 W, 6 C, 7 ldc, 8 R (0: none), 9 ldr, 10 lo (f32), 11 hi (f32), 12 rows a tile.
 * Addresses and strides are in bytes.
 */
import { clamp, madd, storeLanes, word } from "./simd";

/** Adds the residual, clamps and stores one row of a tile; `n` columns (1..8) count. */
@inline
export function finish(c: usize, r: usize, x0: v128, x1: v128, lo: v128, hi: v128, n: i32): void {
  if (n >= 8) {
    if (r) {
      x0 = f32x4.add(x0, v128.load(r));
      x1 = f32x4.add(x1, v128.load(r, 16));
    }
    v128.store(c, clamp(x0, lo, hi));
    v128.store(c, clamp(x1, lo, hi), 16);
  } else {
    if (r) {
      x0 = f32x4.add(x0, v128.load(r));
      if (n > 4) x1 = f32x4.add(x1, v128.load(r, 16));
    }
    storeLanes(c, clamp(x0, lo, hi), n);
    if (n > 4) storeLanes(c + 16, clamp(x1, lo, hi), n - 4);
  }
}

/**
 * One tile of `rows` (a compile-time 1, 2, 4 or 6) by 8; K is at least 1. If `segmented` (compile-time), a row of A is `segments` runs of K floats, from one's
 * end to the next one's begin `gap` bytes.
 */
@inline
export function tile(
  rows: i32,
  segmented: bool,
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
): void {
  let c00 = v128.load(w), c01 = v128.load(w, 16);
  let c10 = c00,
    c11 = c01,
    c20 = c00,
    c21 = c01,
    c30 = c00,
    c31 = c01,
    c40 = c00,
    c41 = c01,
    c50 = c00,
    c51 = c01;
  w += 32;
  let a0 = a;
  let a1 = a + lda;
  let a2 = a1 + lda;
  let a3 = a2 + lda;
  let a4 = a3 + lda;
  let a5 = a4 + lda;
  while (true) {
    let i = k;
    do {
      const b0 = v128.load(w), b1 = v128.load(w, 16);
      let x = v128.load32_splat(a0);
      c00 = madd(x, b0, c00);
      c01 = madd(x, b1, c01);
      a0 += 4;
      if (rows > 1) {
        x = v128.load32_splat(a1);
        c10 = madd(x, b0, c10);
        c11 = madd(x, b1, c11);
        a1 += 4;
      }
      if (rows > 2) {
        x = v128.load32_splat(a2);
        c20 = madd(x, b0, c20);
        c21 = madd(x, b1, c21);
        a2 += 4;
        x = v128.load32_splat(a3);
        c30 = madd(x, b0, c30);
        c31 = madd(x, b1, c31);
        a3 += 4;
      }
      if (rows > 4) {
        x = v128.load32_splat(a4);
        c40 = madd(x, b0, c40);
        c41 = madd(x, b1, c41);
        a4 += 4;
        x = v128.load32_splat(a5);
        c50 = madd(x, b0, c50);
        c51 = madd(x, b1, c51);
        a5 += 4;
      }
      w += 32;
    } while (--i);
    if (!segmented) break;
    if (--segments == 0) break;
    a0 += gap;
    if (rows > 1) a1 += gap;
    if (rows > 2) {
      a2 += gap;
      a3 += gap;
    }
    if (rows > 4) {
      a4 += gap;
      a5 += gap;
    }
  }
  finish(c, r, c00, c01, lo, hi, n);
  if (rows > 1) {
    c += ldc;
    r += ldr;
    finish(c, r, c10, c11, lo, hi, n);
  }
  if (rows > 2) {
    c += ldc;
    r += ldr;
    finish(c, r, c20, c21, lo, hi, n);
    c += ldc;
    r += ldr;
    finish(c, r, c30, c31, lo, hi, n);
  }
  if (rows > 4) {
    c += ldc;
    r += ldr;
    finish(c, r, c40, c41, lo, hi, n);
    c += ldc;
    r += ldr;
    finish(c, r, c50, c51, lo, hi, n);
  }
}

function tile6(
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
): void {
  tile(6, false, 1, 0, a, lda, k, w, c, ldc, r, ldr, lo, hi, n);
}

function tile4(
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
): void {
  tile(4, false, 1, 0, a, lda, k, w, c, ldc, r, ldr, lo, hi, n);
}

function tile2(
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
): void {
  tile(2, false, 1, 0, a, lda, k, w, c, ldc, r, ldr, lo, hi, n);
}

function tile1(
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
): void {
  tile(1, false, 1, 0, a, lda, k, w, c, ldc, r, ldr, lo, hi, n);
}

/**
 * Multiplies `rows` rows of `a` by all panels, panels outermost so that each is read from memory once and stays in L1 over the rows. `c` and `r` (0: none)
 * point at the first of these rows.
 */
export function multiply(
  a: usize,
  lda: usize,
  rows: i32,
  k: i32,
  columns: i32,
  w: usize,
  c: usize,
  ldc: usize,
  r: usize,
  ldr: usize,
  least: f32,
  most: f32,
): void {
  const lo = f32x4.splat(least), hi = f32x4.splat(most);
  const panelBytes = <usize> (k + 1) << 5;
  for (let n = columns; n > 0; n -= 8) {
    let ai = a, ci = c, ri = r, m = rows;
    while (m >= 6) {
      tile6(ai, lda, k, w, ci, ldc, ri, ldr, lo, hi, n);
      ai += 6 * lda;
      ci += 6 * ldc;
      ri += 6 * ldr;
      m -= 6;
    }
    if (m & 4) {
      tile4(ai, lda, k, w, ci, ldc, ri, ldr, lo, hi, n);
      ai += 4 * lda;
      ci += 4 * ldc;
      ri += 4 * ldr;
    }
    if (m & 2) {
      tile2(ai, lda, k, w, ci, ldc, ri, ldr, lo, hi, n);
      ai += 2 * lda;
      ci += 2 * ldc;
      ri += 2 * ldr;
    }
    if (m & 1) tile1(ai, lda, k, w, ci, ldc, ri, ldr, lo, hi, n);
    w += panelBytes;
    c += 32;
    if (r) r += 32;
  }
}

/** `multiply` with everything but the rows of A told by a parameter block; `first` is the index of the first of these rows in C. */
export function block(params: usize, a: usize, lda: usize, first: i32, rows: i32): void {
  const ldc = <usize> word(params, 7), ldr = <usize> word(params, 9);
  const r = <usize> word(params, 8);
  multiply(
    a,
    lda,
    rows,
    word(params, 3),
    word(params, 4),
    <usize> word(params, 5),
    <usize> word(params, 6) + <usize> first * ldc,
    ldc,
    r ? r + <usize> first * ldr : 0,
    r ? ldr : 0,
    load<f32>(params, 40),
    load<f32>(params, 44),
  );
}

/** Kernel `gemm`: tile `index` of a product whose A lies in memory as it is (a pointwise convolution, a dense layer). */
export function gemm(params: usize, index: i32): void {
  const tileRows = word(params, 12);
  const first = index * tileRows;
  const lda = <usize> word(params, 1);
  block(params, <usize> word(params, 0) + <usize> first * lda, lda, first, min(tileRows, word(params, 2) - first));
}
