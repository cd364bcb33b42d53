/**
 * The register tile of aarch64: 4 rows by 16 columns. One load takes 4 values of a row of A, each is spread by one `dup` that serves four fused multiply-adds; 16
 * accumulators, 4 weights, 4 vectors of A and a spread value stay below the 28 registers from which V8 spills. Weights are packed in panels of 16 columns, the
 * last of 8 where that is enough.
 *
 * Cores that execute in order want distance between a value and its use: each row is spread while the row before it is multiplied, and the next four weights are loaded
 * as the last row is done with these.
 */
import { clamp, lane, madd, storeLanes } from "./simd";
import { leaky } from "./unary";

/** Adds the residual, clamps and stores one row of a tile, leaky if there is a `slope`; `n` columns count. Plain rows take one branch for both. */
@inline
function finish(wide: bool, c: usize, r: usize, x0: v128, x1: v128, x2: v128, x3: v128, lo: v128, hi: v128, n: i32, slope: usize): void {
  if (r | slope) {
    if (r) {
      x0 = f32x4.add(x0, v128.load(r));
      if (n > 4) x1 = f32x4.add(x1, v128.load(r, 16));
      if (wide) {
        if (n > 8) x2 = f32x4.add(x2, v128.load(r, 32));
        if (n > 12) x3 = f32x4.add(x3, v128.load(r, 48));
      }
    }
    if (slope) {
      const a = v128.load32_splat(slope);
      x0 = leaky(x0, a);
      x1 = leaky(x1, a);
      if (wide) {
        x2 = leaky(x2, a);
        x3 = leaky(x3, a);
      }
    }
  }
  storeLanes(c, clamp(x0, lo, hi), n);
  if (n > 4) storeLanes(c + 16, clamp(x1, lo, hi), n - 4);
  if (wide) {
    if (n > 8) storeLanes(c + 32, clamp(x2, lo, hi), n - 8);
    if (n > 12) storeLanes(c + 48, clamp(x3, lo, hi), n - 12);
  }
}

/**
 * One tile of `rows` (1, 2 or 4) by 16 columns, or 8 if not `wide`; both are compile-time. K is at least 1. A row of A is `segments`
 * runs of K floats, from one's end to the next one's begin `gap` bytes.
 */
@inline
export function tile4x16(
  rows: i32,
  wide: bool,
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
  const kBytes: usize = wide ? 64 : 32;
  let c00 = v128.load(w), c01 = v128.load(w, 16);
  let c02 = wide ? v128.load(w, 32) : c00, c03 = wide ? v128.load(w, 48) : c00;
  let c10 = c00, c11 = c01, c12 = c02, c13 = c03;
  let c20 = c00, c21 = c01, c22 = c02, c23 = c03;
  let c30 = c00, c31 = c01, c32 = c02, c33 = c03;
  w += kBytes;
  let a0 = a;
  let a1 = a + lda;
  let a2 = a1 + lda;
  let a3 = a2 + lda;
  // V8 has no loop-invariant motion, but remembers bounds it has computed: one unused load of each offset before the loops saves one instruction of each in them. Behind
  // a branch it would not help; past a panel of fewer than 4 rows it reads up to 192 bytes, of the arena.
  v128.load(w, 0);
  v128.load(w, 16);
  v128.load(w, 32);
  v128.load(w, 48);
  v128.load(w, 64);
  v128.load(w, 80);
  v128.load(w, 96);
  v128.load(w, 112);
  if (wide) {
    v128.load(w, 128);
    v128.load(w, 144);
    v128.load(w, 160);
    v128.load(w, 176);
    v128.load(w, 192);
    v128.load(w, 208);
    v128.load(w, 224);
    v128.load(w, 240);
  }
  while (true) {
    let i = k;
    for (; i >= 4; i -= 4) {
      const x0 = v128.load(a0);
      const x1 = rows > 1 ? v128.load(a1) : x0;
      let b0 = v128.load(w), b1 = v128.load(w, 16);
      let s = lane(x0, 0), t = s;
      let b2 = wide ? v128.load(w, 32) : b0, b3 = wide ? v128.load(w, 48) : b0;
      let x2 = x0, x3 = x0;
      c00 = madd(s, b0, c00);
      if (rows > 1) t = lane(x1, 0);
      c01 = madd(s, b1, c01);
      if (rows > 2) x2 = v128.load(a2);
      if (wide) {
        c02 = madd(s, b2, c02);
        c03 = madd(s, b3, c03);
      }
      if (rows > 1) {
        c10 = madd(t, b0, c10);
        if (rows > 2) s = lane(x2, 0);
        c11 = madd(t, b1, c11);
        if (rows > 2) x3 = v128.load(a3);
        if (wide) {
          c12 = madd(t, b2, c12);
          c13 = madd(t, b3, c13);
        }
      }
      if (rows > 2) {
        c20 = madd(s, b0, c20);
        t = lane(x3, 0);
        c21 = madd(s, b1, c21);
        if (wide) {
          c22 = madd(s, b2, c22);
          c23 = madd(s, b3, c23);
        }
        c30 = madd(t, b0, c30);
        s = lane(x0, 1);
        b0 = wide ? v128.load(w, 64) : v128.load(w, 32);
        c31 = madd(t, b1, c31);
        b1 = wide ? v128.load(w, 80) : v128.load(w, 48);
        if (wide) {
          c32 = madd(t, b2, c32);
          b2 = v128.load(w, 96);
          c33 = madd(t, b3, c33);
          b3 = v128.load(w, 112);
        }
      } else {
        s = lane(x0, 1);
        b0 = wide ? v128.load(w, 64) : v128.load(w, 32);
        b1 = wide ? v128.load(w, 80) : v128.load(w, 48);
        if (wide) {
          b2 = v128.load(w, 96);
          b3 = v128.load(w, 112);
        }
      }
      c00 = madd(s, b0, c00);
      if (rows > 1) t = lane(x1, 1);
      c01 = madd(s, b1, c01);
      if (wide) {
        c02 = madd(s, b2, c02);
        c03 = madd(s, b3, c03);
      }
      if (rows > 1) {
        c10 = madd(t, b0, c10);
        if (rows > 2) s = lane(x2, 1);
        c11 = madd(t, b1, c11);
        if (wide) {
          c12 = madd(t, b2, c12);
          c13 = madd(t, b3, c13);
        }
      }
      if (rows > 2) {
        c20 = madd(s, b0, c20);
        t = lane(x3, 1);
        c21 = madd(s, b1, c21);
        if (wide) {
          c22 = madd(s, b2, c22);
          c23 = madd(s, b3, c23);
        }
        c30 = madd(t, b0, c30);
        s = lane(x0, 2);
        b0 = wide ? v128.load(w, 128) : v128.load(w, 64);
        c31 = madd(t, b1, c31);
        b1 = wide ? v128.load(w, 144) : v128.load(w, 80);
        if (wide) {
          c32 = madd(t, b2, c32);
          b2 = v128.load(w, 160);
          c33 = madd(t, b3, c33);
          b3 = v128.load(w, 176);
        }
      } else {
        s = lane(x0, 2);
        b0 = wide ? v128.load(w, 128) : v128.load(w, 64);
        b1 = wide ? v128.load(w, 144) : v128.load(w, 80);
        if (wide) {
          b2 = v128.load(w, 160);
          b3 = v128.load(w, 176);
        }
      }
      c00 = madd(s, b0, c00);
      if (rows > 1) t = lane(x1, 2);
      c01 = madd(s, b1, c01);
      if (wide) {
        c02 = madd(s, b2, c02);
        c03 = madd(s, b3, c03);
      }
      if (rows > 1) {
        c10 = madd(t, b0, c10);
        if (rows > 2) s = lane(x2, 2);
        c11 = madd(t, b1, c11);
        if (wide) {
          c12 = madd(t, b2, c12);
          c13 = madd(t, b3, c13);
        }
      }
      if (rows > 2) {
        c20 = madd(s, b0, c20);
        t = lane(x3, 2);
        c21 = madd(s, b1, c21);
        if (wide) {
          c22 = madd(s, b2, c22);
          c23 = madd(s, b3, c23);
        }
        c30 = madd(t, b0, c30);
        s = lane(x0, 3);
        b0 = wide ? v128.load(w, 192) : v128.load(w, 96);
        c31 = madd(t, b1, c31);
        b1 = wide ? v128.load(w, 208) : v128.load(w, 112);
        if (wide) {
          c32 = madd(t, b2, c32);
          b2 = v128.load(w, 224);
          c33 = madd(t, b3, c33);
          b3 = v128.load(w, 240);
        }
      } else {
        s = lane(x0, 3);
        b0 = wide ? v128.load(w, 192) : v128.load(w, 96);
        b1 = wide ? v128.load(w, 208) : v128.load(w, 112);
        if (wide) {
          b2 = v128.load(w, 224);
          b3 = v128.load(w, 240);
        }
      }
      c00 = madd(s, b0, c00);
      if (rows > 1) t = lane(x1, 3);
      c01 = madd(s, b1, c01);
      if (wide) {
        c02 = madd(s, b2, c02);
        c03 = madd(s, b3, c03);
      }
      if (rows > 1) {
        c10 = madd(t, b0, c10);
        if (rows > 2) s = lane(x2, 3);
        c11 = madd(t, b1, c11);
        if (wide) {
          c12 = madd(t, b2, c12);
          c13 = madd(t, b3, c13);
        }
      }
      if (rows > 2) {
        c20 = madd(s, b0, c20);
        t = lane(x3, 3);
        c21 = madd(s, b1, c21);
        if (wide) {
          c22 = madd(s, b2, c22);
          c23 = madd(s, b3, c23);
        }
        c30 = madd(t, b0, c30);
        c31 = madd(t, b1, c31);
        if (wide) {
          c32 = madd(t, b2, c32);
          c33 = madd(t, b3, c33);
        }
      }
      w += 4 * kBytes;
      a0 += 16;
      if (rows > 1) a1 += 16;
      if (rows > 2) {
        a2 += 16;
        a3 += 16;
      }
    }
    while (i > 0) {
      const b0 = v128.load(w), b1 = v128.load(w, 16);
      const b2 = wide ? v128.load(w, 32) : b0, b3 = wide ? v128.load(w, 48) : b0;
      {
        const s = v128.load32_splat(a0);
        c00 = madd(s, b0, c00);
        c01 = madd(s, b1, c01);
        if (wide) {
          c02 = madd(s, b2, c02);
          c03 = madd(s, b3, c03);
        }
      }
      if (rows > 1) {
        const s = v128.load32_splat(a1);
        c10 = madd(s, b0, c10);
        c11 = madd(s, b1, c11);
        if (wide) {
          c12 = madd(s, b2, c12);
          c13 = madd(s, b3, c13);
        }
      }
      if (rows > 2) {
        const s = v128.load32_splat(a2);
        c20 = madd(s, b0, c20);
        c21 = madd(s, b1, c21);
        if (wide) {
          c22 = madd(s, b2, c22);
          c23 = madd(s, b3, c23);
        }
      }
      if (rows > 2) {
        const s = v128.load32_splat(a3);
        c30 = madd(s, b0, c30);
        c31 = madd(s, b1, c31);
        if (wide) {
          c32 = madd(s, b2, c32);
          c33 = madd(s, b3, c33);
        }
      }
      w += kBytes;
      a0 += 4;
      if (rows > 1) a1 += 4;
      if (rows > 2) {
        a2 += 4;
        a3 += 4;
      }
      --i;
    }
    if (--segments == 0) break;
    a0 += gap;
    if (rows > 1) a1 += gap;
    if (rows > 2) {
      a2 += gap;
      a3 += gap;
    }
  }
  finish(wide, c, r, c00, c01, c02, c03, lo, hi, n, slope);
  if (rows > 1) {
    c += ldc;
    r += ldr;
    finish(wide, c, r, c10, c11, c12, c13, lo, hi, n, slope);
  }
  if (rows > 2) {
    c += ldc;
    r += ldr;
    finish(wide, c, r, c20, c21, c22, c23, lo, hi, n, slope);
    c += ldc;
    r += ldr;
    finish(wide, c, r, c30, c31, c32, c33, lo, hi, n, slope);
  }
}
