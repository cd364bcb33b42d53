/**
 * Grouped convolution. For a tile of output rows of one group the input rows are copied into a strip in workspace, zeros around them, so that
 * the `kw` taps of a kernel row are `kw * C` neighbouring floats: the convolution becomes a matrix product whose rows of A overlap, `kh` segments each.
 * A strip is read `kw * N / stride` times, copied once.
 *
 * Weights are packed for each group as in gemm.ts; where a group has 4 outputs, as panels of 4 columns: bias[4], then w[k][4].
 *
 * Parameter block: 0 input, 1 pixel stride (bytes), 2 H, 3 W, 4 C of a group, 5 weights, 6 output, 7 output pixel stride, 8 R (0: none), 9 R pixel
 * stride, 10 lo (f32), 11 hi (f32), 12 output rows a tile, 13 stride y, 14 stride x, 15 pad top, 16 pad left, 17 dilation y, 18 groups, 19 out H,
 * 20 out W, 21 strip (workspace), 22 kh, 23 kw, 24 N of a group, 25 tiles a picture, 26 floats of a group's weights. C and N are multiples of 4.
 */
import { tile } from "./gemm";
import { clamp, madd, splatWord, word } from "./simd";

/** Adds the residual, clamps and stores four columns. */
@inline
function finish4(c: usize, r: usize, x: v128, lo: v128, hi: v128): void {
  if (r) x = f32x4.add(x, v128.load(r));
  v128.store(c, clamp(x, lo, hi));
}

/** Lane `lane` of `x` in all lanes. */
@inline
function lane(x: v128, index: i32): v128 {
  if (index == 0) return v128.shuffle<f32>(x, x, 0, 0, 0, 0);
  if (index == 1) return v128.shuffle<f32>(x, x, 1, 1, 1, 1);
  if (index == 2) return v128.shuffle<f32>(x, x, 2, 2, 2, 2);
  return v128.shuffle<f32>(x, x, 3, 3, 3, 3);
}

/** x[0] * w0 + x[1] * w1 + x[2] * w2 + x[3] * w3 + sum. */
@inline
function dot4(x: v128, w0: v128, w1: v128, w2: v128, w3: v128, sum: v128): v128 {
  sum = madd(lane(x, 0), w0, sum);
  sum = madd(lane(x, 1), w1, sum);
  sum = madd(lane(x, 2), w2, sum);
  return madd(lane(x, 3), w3, sum);
}

/** One tile of `rows` (a compile-time 1 or 8) by 4; `k` is a multiple of 4. */
@inline
function narrow(
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
): void {
  let c0 = v128.load(w);
  let c1 = c0, c2 = c0, c3 = c0, c4 = c0, c5 = c0, c6 = c0, c7 = c0;
  w += 16;
  const lda2 = lda + lda, lda4 = lda2 + lda2;
  do {
    let i = k;
    do {
      const w0 = v128.load(w), w1 = v128.load(w, 16), w2 = v128.load(w, 32), w3 = v128.load(w, 48);
      c0 = dot4(v128.load(a), w0, w1, w2, w3, c0);
      if (rows > 1) {
        const b = a + lda, d = a + lda4;
        c1 = dot4(v128.load(b), w0, w1, w2, w3, c1);
        c2 = dot4(v128.load(a + lda2), w0, w1, w2, w3, c2);
        c3 = dot4(v128.load(b + lda2), w0, w1, w2, w3, c3);
        c4 = dot4(v128.load(d), w0, w1, w2, w3, c4);
        c5 = dot4(v128.load(b + lda4), w0, w1, w2, w3, c5);
        c6 = dot4(v128.load(d + lda2), w0, w1, w2, w3, c6);
        c7 = dot4(v128.load(b + lda4 + lda2), w0, w1, w2, w3, c7);
      }
      w += 64;
      a += 16;
      i -= 4;
    } while (i);
    a += gap;
  } while (--segments);
  finish4(c, r, c0, lo, hi);
  if (rows > 1) {
    finish4(c += ldc, r += ldr, c1, lo, hi);
    finish4(c += ldc, r += ldr, c2, lo, hi);
    finish4(c += ldc, r += ldr, c3, lo, hi);
    finish4(c += ldc, r += ldr, c4, lo, hi);
    finish4(c += ldc, r += ldr, c5, lo, hi);
    finish4(c += ldc, r += ldr, c6, lo, hi);
    finish4(c += ldc, r += ldr, c7, lo, hi);
  }
}

function narrow8(
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
): void {
  narrow(8, segments, gap, a, lda, k, w, c, ldc, r, ldr, lo, hi);
}

function narrow1(
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
): void {
  narrow(1, segments, gap, a, lda, k, w, c, ldc, r, ldr, lo, hi);
}

function wide6(
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
  tile(6, true, segments, gap, a, lda, k, w, c, ldc, r, ldr, lo, hi, n);
}

function wide2(
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
  tile(2, true, segments, gap, a, lda, k, w, c, ldc, r, ldr, lo, hi, n);
}

function wide1(
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
  tile(1, true, segments, gap, a, lda, k, w, c, ldc, r, ldr, lo, hi, n);
}

/** Copies a row of the input, `from` on, into the strip: `left` zero pixels, the picture's, zeros to the end. */
@inline
function copyRow(to: usize, end: usize, from: usize, pixel: usize, left: usize, inside: i32, bytes: usize): void {
  for (let i = left; i > 0; --i) {
    for (let c: usize = 0; c < bytes; c += 16) v128.store(to + c, i32x4.splat(0));
    to += bytes;
  }
  for (let i = inside; i > 0; --i) {
    let c: usize = 0;
    do {
      v128.store(to + c, v128.load(from + c));
      c += 16;
    } while (c < bytes);
    to += bytes;
    from += pixel;
  }
  for (; to < end; to += 16) v128.store(to, i32x4.splat(0));
}

/** Kernel `grouped`: tile `index` is a range of output rows of one picture in one group; `local` is the offset of this thread's workspace. */
export function grouped(params: usize, index: i32, local: usize): void {
  const pixel = <usize> word(params, 1);
  const height = word(params, 2), width = word(params, 3);
  const channels = word(params, 4);
  const sy = word(params, 13), sx = word(params, 14);
  const dy = word(params, 17), groups = word(params, 18);
  const outHeight = word(params, 19), outWidth = word(params, 20);
  const kh = word(params, 22), kw = word(params, 23), outputs = word(params, 24);
  const tileRows = word(params, 12), tiles = word(params, 25);

  const group = index % groups, block = (index / groups) % tiles, image = index / (groups * tiles);
  const bytes = <usize> channels << 2;
  const columns = (outWidth - 1) * sx + kw;
  const line = <usize> columns * bytes;
  const first = block * tileRows, rows = min(tileRows, outHeight - first);

  const strip = <usize> word(params, 21) + local;
  const left = min(word(params, 16), columns);
  const inside = min(width, columns - left);
  const stripRows = (rows - 1) * sy + (kh - 1) * dy + 1;
  const source = <usize> word(params, 0) + <usize> group * bytes;
  for (let i = 0; i < stripRows; ++i) {
    const y = first * sy - word(params, 15) + i;
    const to = strip + <usize> i * line;
    if (<u32> y < <u32> height) {
      const from = source + <usize> (image * height + y) * <usize> width * pixel;
      copyRow(to, to + line, from, pixel, left, inside, bytes);
    } else {
      copyRow(to, to + line, source, pixel, 0, 0, bytes);
    }
  }

  const lo = splatWord(params, 10), hi = splatWord(params, 11);
  const ldc = <usize> word(params, 7), ldr = word(params, 8) ? <usize> word(params, 9) : 0;
  const weights = <usize> word(params, 5) + <usize> group * ((<usize> word(params, 26)) << 2);
  const lda = <usize> sx * bytes, k = kw * channels;
  const gap = <usize> dy * line - (<usize> k << 2);
  const narrowPanels = outputs == 4;
  const panelBytes = (<usize> (kh * k + 1)) << 5;
  for (let row = 0; row < rows; ++row) {
    const at = <usize> ((image * outHeight + first + row) * outWidth);
    const column = (<usize> (group * outputs)) << 2;
    const a0 = strip + <usize> (row * sy) * line;
    let c0 = <usize> word(params, 6) + at * ldc + column;
    let r0 = ldr ? <usize> word(params, 8) + at * ldr + column : 0;
    let w = weights;
    for (let n = outputs; n > 0; n -= 8) {
      let a = a0, c = c0, r = r0, m = outWidth;
      if (narrowPanels) {
        for (; m >= 8; m -= 8) {
          narrow8(kh, gap, a, lda, k, w, c, ldc, r, ldr, lo, hi);
          a += lda << 3;
          c += ldc << 3;
          r += ldr << 3;
        }
        for (; m > 0; --m) {
          narrow1(kh, gap, a, lda, k, w, c, ldc, r, ldr, lo, hi);
          a += lda;
          c += ldc;
          r += ldr;
        }
      } else {
        for (; m >= 6; m -= 6) {
          wide6(kh, gap, a, lda, k, w, c, ldc, r, ldr, lo, hi, n);
          a += 6 * lda;
          c += 6 * ldc;
          r += 6 * ldr;
        }
        for (; m >= 2; m -= 2) {
          wide2(kh, gap, a, lda, k, w, c, ldc, r, ldr, lo, hi, n);
          a += lda << 1;
          c += ldc << 1;
          r += ldr << 1;
        }
        if (m) wide1(kh, gap, a, lda, k, w, c, ldc, r, ldr, lo, hi, n);
      }
      w += panelBytes;
      c0 += 32;
      if (r0) r0 += 32;
    }
  }
}
