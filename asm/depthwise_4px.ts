/**
 * Depthwise convolution, four neighbouring output pixels of a filter 3 or 5 wide at a time, which share each load of weights and of columns. One function for each width, stride and
 * edge, so that what lies outside the picture is settled when the kernels are compiled.
 */
import { AARCH64, clamp, madd, storeLanes } from "./simd";

/** Adds x times the weight of tap `t` (compile-time) to `sum`; nothing if the filter, `kw` taps wide, has no such tap. */
@inline
function tap(t: i32, kw: i32, x: v128, w0: v128, w1: v128, w2: v128, w3: v128, w4: v128, sum: v128): v128 {
  if (t < 0 || t >= kw) return sum;
  if (t == 0) return madd(x, w0, sum);
  if (t == 1) return madd(x, w1, sum);
  if (t == 2) return madd(x, w2, sum);
  if (t == 3) return madd(x, w3, sum);
  return madd(x, w4, sum);
}

/** Whether column `j` lies inside; settled at compile time unless there is an `edge`. */
@inline
function inside(edge: bool, j: i32, from: i32, to: i32): bool {
  return !edge || (from <= j && j < to);
}

/**
 * Four output pixels of a filter `kw` wide (3 or 5), undilated along x, at column stride `stride` (1 or 2): they share the load of each column and of each
 * weight. All three are compile-time, as is `edge`, whether any but the columns [from, to) lie outside the picture. `p` is the first column of the first of `rows`
 * input rows, `rowStep` apart; `w` the packed weights, `first` the bytes from a block's start to its first used row of taps.
 */
@inline
function four(
  kw: i32,
  stride: i32,
  edge: bool,
  p: usize,
  rowStep: usize,
  rows: i32,
  pixel: usize,
  w: usize,
  first: usize,
  blockBytes: usize,
  out: usize,
  outPixel: usize,
  channels: i32,
  lo: v128,
  hi: v128,
  from: i32,
  to: i32,
): void {
  const columns = kw + 3 * stride;
  do {
    let a0 = v128.load(w), a1 = a0, a2 = a0, a3 = a0;
    let row = p, t = w + first, ky = rows;
    do {
      const w0 = v128.load(t), w1 = v128.load(t, 16), w2 = v128.load(t, 32);
      const w3 = kw > 3 ? v128.load(t, 48) : w0, w4 = kw > 3 ? v128.load(t, 64) : w0;
      let q = row;
      if (inside(edge, 0, from, to)) {
        const x = v128.load(q);
        a0 = tap(0, kw, x, w0, w1, w2, w3, w4, a0);
        a1 = tap(0 - stride, kw, x, w0, w1, w2, w3, w4, a1);
        a2 = tap(0 - 2 * stride, kw, x, w0, w1, w2, w3, w4, a2);
        a3 = tap(0 - 3 * stride, kw, x, w0, w1, w2, w3, w4, a3);
      }
      q += pixel;
      if (inside(edge, 1, from, to)) {
        const x = v128.load(q);
        a0 = tap(1, kw, x, w0, w1, w2, w3, w4, a0);
        a1 = tap(1 - stride, kw, x, w0, w1, w2, w3, w4, a1);
        a2 = tap(1 - 2 * stride, kw, x, w0, w1, w2, w3, w4, a2);
        a3 = tap(1 - 3 * stride, kw, x, w0, w1, w2, w3, w4, a3);
      }
      q += pixel;
      if (inside(edge, 2, from, to)) {
        const x = v128.load(q);
        a0 = tap(2, kw, x, w0, w1, w2, w3, w4, a0);
        a1 = tap(2 - stride, kw, x, w0, w1, w2, w3, w4, a1);
        a2 = tap(2 - 2 * stride, kw, x, w0, w1, w2, w3, w4, a2);
        a3 = tap(2 - 3 * stride, kw, x, w0, w1, w2, w3, w4, a3);
      }
      q += pixel;
      if (inside(edge, 3, from, to)) {
        const x = v128.load(q);
        a0 = tap(3, kw, x, w0, w1, w2, w3, w4, a0);
        a1 = tap(3 - stride, kw, x, w0, w1, w2, w3, w4, a1);
        a2 = tap(3 - 2 * stride, kw, x, w0, w1, w2, w3, w4, a2);
        a3 = tap(3 - 3 * stride, kw, x, w0, w1, w2, w3, w4, a3);
      }
      q += pixel;
      if (inside(edge, 4, from, to)) {
        const x = v128.load(q);
        a0 = tap(4, kw, x, w0, w1, w2, w3, w4, a0);
        a1 = tap(4 - stride, kw, x, w0, w1, w2, w3, w4, a1);
        a2 = tap(4 - 2 * stride, kw, x, w0, w1, w2, w3, w4, a2);
        a3 = tap(4 - 3 * stride, kw, x, w0, w1, w2, w3, w4, a3);
      }
      q += pixel;
      if (inside(edge, 5, from, to)) {
        const x = v128.load(q);
        a0 = tap(5, kw, x, w0, w1, w2, w3, w4, a0);
        a1 = tap(5 - stride, kw, x, w0, w1, w2, w3, w4, a1);
        a2 = tap(5 - 2 * stride, kw, x, w0, w1, w2, w3, w4, a2);
        a3 = tap(5 - 3 * stride, kw, x, w0, w1, w2, w3, w4, a3);
      }
      if (columns > 6) q += pixel;
      if (columns > 6 && inside(edge, 6, from, to)) {
        const x = v128.load(q);
        a0 = tap(6, kw, x, w0, w1, w2, w3, w4, a0);
        a1 = tap(6 - stride, kw, x, w0, w1, w2, w3, w4, a1);
        a2 = tap(6 - 2 * stride, kw, x, w0, w1, w2, w3, w4, a2);
        a3 = tap(6 - 3 * stride, kw, x, w0, w1, w2, w3, w4, a3);
      }
      if (columns > 7) q += pixel;
      if (columns > 7 && inside(edge, 7, from, to)) {
        const x = v128.load(q);
        a0 = tap(7, kw, x, w0, w1, w2, w3, w4, a0);
        a1 = tap(7 - stride, kw, x, w0, w1, w2, w3, w4, a1);
        a2 = tap(7 - 2 * stride, kw, x, w0, w1, w2, w3, w4, a2);
        a3 = tap(7 - 3 * stride, kw, x, w0, w1, w2, w3, w4, a3);
      }
      if (columns > 8) q += pixel;
      if (columns > 8 && inside(edge, 8, from, to)) {
        const x = v128.load(q);
        a0 = tap(8, kw, x, w0, w1, w2, w3, w4, a0);
        a1 = tap(8 - stride, kw, x, w0, w1, w2, w3, w4, a1);
        a2 = tap(8 - 2 * stride, kw, x, w0, w1, w2, w3, w4, a2);
        a3 = tap(8 - 3 * stride, kw, x, w0, w1, w2, w3, w4, a3);
      }
      if (columns > 9) q += pixel;
      if (columns > 9 && inside(edge, 9, from, to)) {
        const x = v128.load(q);
        a0 = tap(9, kw, x, w0, w1, w2, w3, w4, a0);
        a1 = tap(9 - stride, kw, x, w0, w1, w2, w3, w4, a1);
        a2 = tap(9 - 2 * stride, kw, x, w0, w1, w2, w3, w4, a2);
        a3 = tap(9 - 3 * stride, kw, x, w0, w1, w2, w3, w4, a3);
      }
      if (columns > 10) q += pixel;
      if (columns > 10 && inside(edge, 10, from, to)) {
        const x = v128.load(q);
        a0 = tap(10, kw, x, w0, w1, w2, w3, w4, a0);
        a1 = tap(10 - stride, kw, x, w0, w1, w2, w3, w4, a1);
        a2 = tap(10 - 2 * stride, kw, x, w0, w1, w2, w3, w4, a2);
        a3 = tap(10 - 3 * stride, kw, x, w0, w1, w2, w3, w4, a3);
      }
      row += rowStep;
      t += <usize> kw << 4;
    } while (--ky);
    a0 = clamp(a0, lo, hi);
    a1 = clamp(a1, lo, hi);
    a2 = clamp(a2, lo, hi);
    a3 = clamp(a3, lo, hi);
    let o = out + outPixel;
    if (channels >= 4) {
      v128.store(out, a0);
      v128.store(o, a1);
      o += outPixel;
      v128.store(o, a2);
      v128.store(o + outPixel, a3);
    } else {
      storeLanes(out, a0, channels);
      storeLanes(o, a1, channels);
      o += outPixel;
      storeLanes(o, a2, channels);
      storeLanes(o + outPixel, a3, channels);
    }
    p += 16;
    w += blockBytes;
    out += 16;
    channels -= 4;
  } while (channels > 0);
}

function inner3s1(
  p: usize,
  rowStep: usize,
  rows: i32,
  pixel: usize,
  w: usize,
  first: usize,
  blockBytes: usize,
  out: usize,
  outPixel: usize,
  channels: i32,
  lo: v128,
  hi: v128,
): void {
  four(3, 1, false, p, rowStep, rows, pixel, w, first, blockBytes, out, outPixel, channels, lo, hi, 0, 0);
}

function inner3s2(
  p: usize,
  rowStep: usize,
  rows: i32,
  pixel: usize,
  w: usize,
  first: usize,
  blockBytes: usize,
  out: usize,
  outPixel: usize,
  channels: i32,
  lo: v128,
  hi: v128,
): void {
  four(3, 2, false, p, rowStep, rows, pixel, w, first, blockBytes, out, outPixel, channels, lo, hi, 0, 0);
}

function edge3s1(
  p: usize,
  rowStep: usize,
  rows: i32,
  pixel: usize,
  w: usize,
  first: usize,
  blockBytes: usize,
  out: usize,
  outPixel: usize,
  channels: i32,
  lo: v128,
  hi: v128,
  from: i32,
  to: i32,
): void {
  four(3, 1, true, p, rowStep, rows, pixel, w, first, blockBytes, out, outPixel, channels, lo, hi, from, to);
}

function edge3s2(
  p: usize,
  rowStep: usize,
  rows: i32,
  pixel: usize,
  w: usize,
  first: usize,
  blockBytes: usize,
  out: usize,
  outPixel: usize,
  channels: i32,
  lo: v128,
  hi: v128,
  from: i32,
  to: i32,
): void {
  four(3, 2, true, p, rowStep, rows, pixel, w, first, blockBytes, out, outPixel, channels, lo, hi, from, to);
}

function inner5s1(
  p: usize,
  rowStep: usize,
  rows: i32,
  pixel: usize,
  w: usize,
  first: usize,
  blockBytes: usize,
  out: usize,
  outPixel: usize,
  channels: i32,
  lo: v128,
  hi: v128,
): void {
  four(5, 1, false, p, rowStep, rows, pixel, w, first, blockBytes, out, outPixel, channels, lo, hi, 0, 0);
}

function edge5s1(
  p: usize,
  rowStep: usize,
  rows: i32,
  pixel: usize,
  w: usize,
  first: usize,
  blockBytes: usize,
  out: usize,
  outPixel: usize,
  channels: i32,
  lo: v128,
  hi: v128,
  from: i32,
  to: i32,
): void {
  four(5, 1, true, p, rowStep, rows, pixel, w, first, blockBytes, out, outPixel, channels, lo, hi, from, to);
}

function inner5s2(
  p: usize,
  rowStep: usize,
  rows: i32,
  pixel: usize,
  w: usize,
  first: usize,
  blockBytes: usize,
  out: usize,
  outPixel: usize,
  channels: i32,
  lo: v128,
  hi: v128,
): void {
  four(5, 2, false, p, rowStep, rows, pixel, w, first, blockBytes, out, outPixel, channels, lo, hi, 0, 0);
}

function edge5s2(
  p: usize,
  rowStep: usize,
  rows: i32,
  pixel: usize,
  w: usize,
  first: usize,
  blockBytes: usize,
  out: usize,
  outPixel: usize,
  channels: i32,
  lo: v128,
  hi: v128,
  from: i32,
  to: i32,
): void {
  four(5, 2, true, p, rowStep, rows, pixel, w, first, blockBytes, out, outPixel, channels, lo, hi, from, to);
}

/**
 * Four output pixels, all channels, of a filter `kw` (3 or 5) wide at column stride `stride` (1 or 2). Of the columns that they look at [from, to) are inside the picture, `cut` are
 * not. The rest as in `four`.
 */
@inline
export function fourPixels(
  kw: i32,
  stride: i32,
  cut: i32,
  from: i32,
  to: i32,
  p: usize,
  rowStep: usize,
  rows: i32,
  pixel: usize,
  w: usize,
  first: usize,
  blockBytes: usize,
  out: usize,
  outPixel: usize,
  channels: i32,
  lo: v128,
  hi: v128,
): void {
  // Most filters walk along rows on aarch64, and those 3 wide elsewhere: fewer functions do for what is left.
  if (kw == 3) {
    if (cut == 0) {
      if (stride == 1) inner3s1(p, rowStep, rows, pixel, w, first, blockBytes, out, outPixel, channels, lo, hi);
      else inner3s2(p, rowStep, rows, pixel, w, first, blockBytes, out, outPixel, channels, lo, hi);
    } else {
      if (stride == 1) edge3s1(p, rowStep, rows, pixel, w, first, blockBytes, out, outPixel, channels, lo, hi, from, to);
      else edge3s2(p, rowStep, rows, pixel, w, first, blockBytes, out, outPixel, channels, lo, hi, from, to);
    }
  } else if (!AARCH64 && cut == 0) {
    if (stride == 1) inner5s1(p, rowStep, rows, pixel, w, first, blockBytes, out, outPixel, channels, lo, hi);
    else inner5s2(p, rowStep, rows, pixel, w, first, blockBytes, out, outPixel, channels, lo, hi);
  } else {
    if (stride == 1) edge5s1(p, rowStep, rows, pixel, w, first, blockBytes, out, outPixel, channels, lo, hi, from, to);
    else edge5s2(p, rowStep, rows, pixel, w, first, blockBytes, out, outPixel, channels, lo, hi, from, to);
  }
}
