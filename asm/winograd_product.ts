/**
 * Products of Winograd's planes on x86-64: C[m, n] = sum_k A[m, k] * W[k, n], W packed as in gemm.ts. Where a layer is narrow these are so small, 16 to 64 channels, that
 * what a register tile of tile_5x8.ts does beside its multiply-adds counts: here sums begin at zero, and nothing is added, clamped or cut at their end.
 *
 * Four rows leave registers enough to load four values of each at once.
 */
import { lane, madd } from "./simd";

/** One tile of `rows` (a compile-time 4 or 5) by 8; `k` is a multiple of 4. */
@inline
function tile(rows: i32, a0: usize, lda: usize, k: i32, w: usize, c: usize, ldc: usize): void {
  let c00 = f32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00, c40 = c00, c41 = c00;
  let a1 = a0 + lda;
  let a2 = a1 + lda;
  let a3 = a2 + lda;
  let a4 = a3 + lda;
  do {
    const x0 = v128.load(a0), x1 = v128.load(a1), x2 = rows == 4 ? v128.load(a2) : x0, x3 = rows == 4 ? v128.load(a3) : x0;
    {
      const b0 = v128.load(w), b1 = v128.load(w, 16);
      let x = lane(x0, 0);
      c00 = madd(x, b0, c00);
      c01 = madd(x, b1, c01);
      x = lane(x1, 0);
      c10 = madd(x, b0, c10);
      c11 = madd(x, b1, c11);
      x = rows == 4 ? lane(x2, 0) : v128.load32_splat(a2);
      c20 = madd(x, b0, c20);
      c21 = madd(x, b1, c21);
      x = rows == 4 ? lane(x3, 0) : v128.load32_splat(a3);
      c30 = madd(x, b0, c30);
      c31 = madd(x, b1, c31);
      if (rows > 4) {
        x = v128.load32_splat(a4);
        c40 = madd(x, b0, c40);
        c41 = madd(x, b1, c41);
      }
    }
    {
      const b0 = v128.load(w, 32), b1 = v128.load(w, 48);
      let x = lane(x0, 1);
      c00 = madd(x, b0, c00);
      c01 = madd(x, b1, c01);
      x = lane(x1, 1);
      c10 = madd(x, b0, c10);
      c11 = madd(x, b1, c11);
      x = rows == 4 ? lane(x2, 1) : v128.load32_splat(a2, 4);
      c20 = madd(x, b0, c20);
      c21 = madd(x, b1, c21);
      x = rows == 4 ? lane(x3, 1) : v128.load32_splat(a3, 4);
      c30 = madd(x, b0, c30);
      c31 = madd(x, b1, c31);
      if (rows > 4) {
        x = v128.load32_splat(a4, 4);
        c40 = madd(x, b0, c40);
        c41 = madd(x, b1, c41);
      }
    }
    {
      const b0 = v128.load(w, 64), b1 = v128.load(w, 80);
      let x = lane(x0, 2);
      c00 = madd(x, b0, c00);
      c01 = madd(x, b1, c01);
      x = lane(x1, 2);
      c10 = madd(x, b0, c10);
      c11 = madd(x, b1, c11);
      x = rows == 4 ? lane(x2, 2) : v128.load32_splat(a2, 8);
      c20 = madd(x, b0, c20);
      c21 = madd(x, b1, c21);
      x = rows == 4 ? lane(x3, 2) : v128.load32_splat(a3, 8);
      c30 = madd(x, b0, c30);
      c31 = madd(x, b1, c31);
      if (rows > 4) {
        x = v128.load32_splat(a4, 8);
        c40 = madd(x, b0, c40);
        c41 = madd(x, b1, c41);
      }
    }
    {
      const b0 = v128.load(w, 96), b1 = v128.load(w, 112);
      let x = lane(x0, 3);
      c00 = madd(x, b0, c00);
      c01 = madd(x, b1, c01);
      x = lane(x1, 3);
      c10 = madd(x, b0, c10);
      c11 = madd(x, b1, c11);
      x = rows == 4 ? lane(x2, 3) : v128.load32_splat(a2, 12);
      c20 = madd(x, b0, c20);
      c21 = madd(x, b1, c21);
      x = rows == 4 ? lane(x3, 3) : v128.load32_splat(a3, 12);
      c30 = madd(x, b0, c30);
      c31 = madd(x, b1, c31);
      if (rows > 4) {
        x = v128.load32_splat(a4, 12);
        c40 = madd(x, b0, c40);
        c41 = madd(x, b1, c41);
      }
    }
    a0 += 16;
    a1 += 16;
    a2 += 16;
    a3 += 16;
    if (rows > 4) a4 += 16;
    w += 128;
    k -= 4;
  } while (k > 0);
  v128.store(c, c00);
  v128.store(c, c01, 16);
  c += ldc;
  v128.store(c, c10);
  v128.store(c, c11, 16);
  c += ldc;
  v128.store(c, c20);
  v128.store(c, c21, 16);
  c += ldc;
  v128.store(c, c30);
  v128.store(c, c31, 16);
  if (rows > 4) {
    c += ldc;
    v128.store(c, c40);
    v128.store(c, c41, 16);
  }
}

function tiles5(count: i32, a: usize, lda: usize, k: i32, w: usize, c: usize, ldc: usize): void {
  do {
    tile(5, a, lda, k, w, c, ldc);
    a += 5 * lda;
    c += 5 * ldc;
  } while (--count);
}

function tiles4(count: i32, a: usize, lda: usize, k: i32, w: usize, c: usize, ldc: usize): void {
  do {
    tile(4, a, lda, k, w, c, ldc);
    a += 4 * lda;
    c += 4 * ldc;
  } while (--count);
}

/** Multiplies `fives` times five and then `fours` times four rows by the panels of `columns` columns, a multiple of 8; `k` is a multiple of 4. */
export function planeProduct(fives: i32, fours: i32, a: usize, lda: usize, k: i32, columns: i32, w: usize, c: usize, ldc: usize): void {
  for (; columns > 0; columns -= 8) {
    w += 32;
    if (fives) tiles5(fives, a, lda, k, w, c, ldc);
    const rows = <usize> (5 * fives);
    if (fours) tiles4(fours, a + rows * lda, lda, k, w, c + rows * ldc, ldc);
    w += <usize> k << 5;
    c += 32;
  }
}
