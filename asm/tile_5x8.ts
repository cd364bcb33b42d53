/**
 * The register tile of x86-64: 5 rows by 8 columns. 10 accumulators, 2 weights, 2 vectors of A and a spread value fill the 15 vector registers that V8 leaves there.
 *
 * Every load costs a bounds check, and Intel's cores branch on a port that multiply-adds need: a 6x8 tile whose values of A are all spread by their loads is held
 * to 77 % of the peak, 85 % with four steps an iteration. Two rows that load four values at once, spread by shuffles, bring 90 %. On an AMD EPYC that makes no
 * difference, but two or eight steps an iteration are 3 to 4 % slower than four. Weights loaded before A, and rows of shuffles that take turns with rows of spread loads,
 * save networks of pointwise convolutions there about 1 %.
 */
import { clamp, lane, madd, storeLanes } from "./simd";
import { leaky } from "./unary";

/** Adds the residual, clamps and stores one row of a tile, leaky if there is a `slope`; `n` columns (1..8) count. Plain rows take one branch for both. */
@inline
function finish(c: usize, r: usize, x0: v128, x1: v128, lo: v128, hi: v128, n: i32, slope: usize): void {
  if (r | slope) {
    if (r) {
      x0 = f32x4.add(x0, v128.load(r));
      if (n > 4) x1 = f32x4.add(x1, v128.load(r, 16));
    }
    if (slope) {
      const a = v128.load32_splat(slope);
      x0 = leaky(x0, a);
      x1 = leaky(x1, a);
    }
  }
  if (n >= 8) {
    v128.store(c, clamp(x0, lo, hi));
    v128.store(c, clamp(x1, lo, hi), 16);
  } else {
    storeLanes(c, clamp(x0, lo, hi), n);
    if (n > 4) storeLanes(c + 16, clamp(x1, lo, hi), n - 4);
  }
}

/**
 * One tile of `rows` (a compile-time 1, 2, 4 or 5) by 8; K is at least 1. A row of A is `segments` runs of K floats, from one's
 * end to the next one's begin `gap` bytes.
 */
@inline
export function tile5x8(
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
  lo: v128,
  hi: v128,
  n: i32,
  slope: usize,
): void {
  let c00 = v128.load(w), c01 = v128.load(w, 16);
  let c10 = c00, c11 = c01, c20 = c00, c21 = c01, c30 = c00, c31 = c01, c40 = c00, c41 = c01;
  w += 32;
  let a0 = a;
  let a1 = a + lda;
  let a2 = a1 + lda;
  let a3 = a2 + lda;
  let a4 = a3 + lda;
  while (true) {
    let i = k;
    for (; i >= 4; i -= 4) {
      const b00 = v128.load(w), b01 = v128.load(w, 16);
      const x0 = v128.load(a0), x1 = rows > 1 ? v128.load(a1) : x0;
      {
        let x: v128;
        if (rows > 2) {
          x = v128.load32_splat(a2);
          c20 = madd(x, b00, c20);
          c21 = madd(x, b01, c21);
        }
        x = lane(x0, 0);
        c00 = madd(x, b00, c00);
        c01 = madd(x, b01, c01);
        if (rows > 2) {
          x = v128.load32_splat(a3);
          c30 = madd(x, b00, c30);
          c31 = madd(x, b01, c31);
        }
        if (rows > 1) {
          x = lane(x1, 0);
          c10 = madd(x, b00, c10);
          c11 = madd(x, b01, c11);
        }
        if (rows > 4) {
          x = v128.load32_splat(a4);
          c40 = madd(x, b00, c40);
          c41 = madd(x, b01, c41);
        }
      }
      {
        const b0 = v128.load(w, 32), b1 = v128.load(w, 48);
        let x: v128;
        if (rows > 2) {
          x = v128.load32_splat(a2, 4);
          c20 = madd(x, b0, c20);
          c21 = madd(x, b1, c21);
        }
        x = lane(x0, 1);
        c00 = madd(x, b0, c00);
        c01 = madd(x, b1, c01);
        if (rows > 2) {
          x = v128.load32_splat(a3, 4);
          c30 = madd(x, b0, c30);
          c31 = madd(x, b1, c31);
        }
        if (rows > 1) {
          x = lane(x1, 1);
          c10 = madd(x, b0, c10);
          c11 = madd(x, b1, c11);
        }
        if (rows > 4) {
          x = v128.load32_splat(a4, 4);
          c40 = madd(x, b0, c40);
          c41 = madd(x, b1, c41);
        }
      }
      {
        const b0 = v128.load(w, 64), b1 = v128.load(w, 80);
        let x: v128;
        if (rows > 2) {
          x = v128.load32_splat(a2, 8);
          c20 = madd(x, b0, c20);
          c21 = madd(x, b1, c21);
        }
        x = lane(x0, 2);
        c00 = madd(x, b0, c00);
        c01 = madd(x, b1, c01);
        if (rows > 2) {
          x = v128.load32_splat(a3, 8);
          c30 = madd(x, b0, c30);
          c31 = madd(x, b1, c31);
        }
        if (rows > 1) {
          x = lane(x1, 2);
          c10 = madd(x, b0, c10);
          c11 = madd(x, b1, c11);
        }
        if (rows > 4) {
          x = v128.load32_splat(a4, 8);
          c40 = madd(x, b0, c40);
          c41 = madd(x, b1, c41);
        }
      }
      {
        const b0 = v128.load(w, 96), b1 = v128.load(w, 112);
        let x: v128;
        if (rows > 2) {
          x = v128.load32_splat(a2, 12);
          c20 = madd(x, b0, c20);
          c21 = madd(x, b1, c21);
        }
        x = lane(x0, 3);
        c00 = madd(x, b0, c00);
        c01 = madd(x, b1, c01);
        if (rows > 2) {
          x = v128.load32_splat(a3, 12);
          c30 = madd(x, b0, c30);
          c31 = madd(x, b1, c31);
        }
        if (rows > 1) {
          x = lane(x1, 3);
          c10 = madd(x, b0, c10);
          c11 = madd(x, b1, c11);
        }
        if (rows > 4) {
          x = v128.load32_splat(a4, 12);
          c40 = madd(x, b0, c40);
          c41 = madd(x, b1, c41);
        }
      }
      a0 += 16;
      if (rows > 1) a1 += 16;
      if (rows > 2) {
        a2 += 16;
        a3 += 16;
      }
      if (rows > 4) a4 += 16;
      w += 128;
    }
    for (; i > 0; --i) {
      const b0 = v128.load(w), b1 = v128.load(w, 16);
      let x = v128.load32_splat(a0);
      c00 = madd(x, b0, c00);
      c01 = madd(x, b1, c01);
      if (rows > 1) {
        x = v128.load32_splat(a1);
        c10 = madd(x, b0, c10);
        c11 = madd(x, b1, c11);
      }
      if (rows > 2) {
        x = v128.load32_splat(a2);
        c20 = madd(x, b0, c20);
        c21 = madd(x, b1, c21);
        x = v128.load32_splat(a3);
        c30 = madd(x, b0, c30);
        c31 = madd(x, b1, c31);
      }
      if (rows > 4) {
        x = v128.load32_splat(a4);
        c40 = madd(x, b0, c40);
        c41 = madd(x, b1, c41);
      }
      a0 += 4;
      if (rows > 1) a1 += 4;
      if (rows > 2) {
        a2 += 4;
        a3 += 4;
      }
      if (rows > 4) a4 += 4;
      w += 32;
    }
    if (--segments == 0) break;
    a0 += gap;
    if (rows > 1) a1 += gap;
    if (rows > 2) {
      a2 += gap;
      a3 += gap;
    }
    if (rows > 4) a4 += gap;
  }
  finish(c, r, c00, c01, lo, hi, n, slope);
  if (rows > 1) {
    c += ldc;
    r += ldr;
    finish(c, r, c10, c11, lo, hi, n, slope);
  }
  if (rows > 2) {
    c += ldc;
    r += ldr;
    finish(c, r, c20, c21, lo, hi, n, slope);
    c += ldc;
    r += ldr;
    finish(c, r, c30, c31, lo, hi, n, slope);
  }
  if (rows > 4) {
    c += ldc;
    r += ldr;
    finish(c, r, c40, c41, lo, hi, n, slope);
  }
}
