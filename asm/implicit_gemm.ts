/**
 * Convolution as an implicit matrix product, in groups or not: no receptive field is copied. For a tile of output rows of one group the input rows are copied into a
 * strip in workspace, zeros around them, so that the `kw` taps of a kernel row are `kw * C` neighbouring floats: rows of A overlap, `kh` segments each. A strip is read
 * `kh * kw * N / stride` times, copied once. Where a pixel is all there is of its row's stride, whole rows are copied; else 16 bytes at a time, up to 12 past a pixel
 * and past a strip.
 *
 * Register tiles end with a row of output, unless rows are joined: then the strip holds the `kw` taps of each output pixel side by side, so that rows of A are
 * `kw * C` floats apart everywhere and tiles go on into the next row of output. At stride 1 the kernel's rows share lines of the strip, else each has its own. Copies
 * must not run over then: C is a multiple of 4. 7x7 maps of 1024 channels in 32 groups reach 83 % of the peak instead of 70 %.
 *
 * Of a photo, whose pixels are 4 bytes, each is unpacked to 3 floats as it is copied (unpack_rgba.ts); three planes are interleaved (planes.ts).
 *
 * Weights are packed for each group as in gemm.ts; where a group has 4 outputs and segments are whole vectors, as panels of 4 columns: bias[4], then w[k][4].
 *
 * Parameter block: 0 input, 1 pixel stride (bytes; of planes that of their rows), 2 H, 3 W, 4 C of a group, 5 weights, 6 output, 7 output pixel stride, 8 R (0: none), 9 R pixel
 * stride, 10 lo (f32), 11 hi (f32), 12 output rows a tile, 13 stride y, 14 stride x, 15 pad top, 16 pad left, 17 dilation y, 18 groups, 19 out H,
 * 20 out W, 21 strip (workspace), 22 kh, 23 kw, 24 N of a group, 25 tiles a picture, 26 floats of a group's weights, 27-29 the activation as in unary.ts, 30 panels
 * together (gemm.ts) where rows are joined, else 0, 31 how the input lies (packing.ts), 32-67 what to unpack a photo by.
 */
import { multiply } from "./gemm";
import { PHOTO, PLANES } from "./packing";
import { panel, panelColumns } from "./panel";
import { interleave } from "./planes";
import { clamp, lane, madd, splatWord, word } from "./simd";
import { activate, leaky, slopeOf } from "./unary";
import { unpackPixels } from "./unpack_rgba";

/** Adds the residual, clamps and stores four columns, leaky if there is a `slope`. */
@inline
function finish4(c: usize, r: usize, x: v128, lo: v128, hi: v128, slope: usize): void {
  if (r) x = f32x4.add(x, v128.load(r));
  if (slope) x = leaky(x, v128.load32_splat(slope));
  v128.store(c, clamp(x, lo, hi));
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
  slope: usize,
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
  finish4(c, r, c0, lo, hi, slope);
  if (rows > 1) {
    finish4(c += ldc, r += ldr, c1, lo, hi, slope);
    finish4(c += ldc, r += ldr, c2, lo, hi, slope);
    finish4(c += ldc, r += ldr, c3, lo, hi, slope);
    finish4(c += ldc, r += ldr, c4, lo, hi, slope);
    finish4(c += ldc, r += ldr, c5, lo, hi, slope);
    finish4(c += ldc, r += ldr, c6, lo, hi, slope);
    finish4(c += ldc, r += ldr, c7, lo, hi, slope);
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
  slope: usize,
): void {
  narrow(8, segments, gap, a, lda, k, w, c, ldc, r, ldr, lo, hi, slope);
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
  slope: usize,
): void {
  narrow(1, segments, gap, a, lda, k, w, c, ldc, r, ldr, lo, hi, slope);
}

/** A row of output pixels of a group of four outputs. */
@inline
function narrowRow(
  m: i32,
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
  slope: usize,
): void {
  for (; m >= 8; m -= 8) {
    narrow8(segments, gap, a, lda, k, w, c, ldc, r, ldr, lo, hi, slope);
    a += lda << 3;
    c += ldc << 3;
    r += ldr << 3;
  }
  for (; m > 0; --m) {
    narrow1(segments, gap, a, lda, k, w, c, ldc, r, ldr, lo, hi, slope);
    a += lda;
    c += ldc;
    r += ldr;
  }
}

/** Clears `count` pixels of `bytes`, 16 bytes at a time, `pitch` apart; returns where the next one would be. */
@inline
function clear(to: usize, pitch: usize, count: i32, bytes: usize): usize {
  for (; count > 0; --count) {
    for (let c: usize = 0; c < bytes; c += 16) v128.store(to + c, i32x4.splat(0));
    to += pitch;
  }
  return to;
}

/**
 * Writes `count` pixels of the strip, `pitch` apart: `before` zeros, `inside` pixels of the input, `step` apart from `from` on, unpacked if there is an `unpack`, interleaved
 * if planes are `plane` bytes apart, and zeros.
 */
@inline
function copyRow(
  to: usize,
  pitch: usize,
  from: usize,
  step: usize,
  before: i32,
  inside: i32,
  count: i32,
  bytes: usize,
  unpack: usize,
  plane: usize,
): void {
  count -= before + inside;
  to = clear(to, pitch, before, bytes);
  // Of a row outside the picture, `from` may lie outside memory.
  if (unpack) {
    unpackPixels(from, to, pitch, inside, unpack);
    to += <usize> inside * pitch;
  } else if (plane) {
    interleave(from, plane, to, inside);
    to += <usize> inside * pitch;
  } else if (inside && step == bytes && pitch == bytes) {
    const run = bytes * inside;
    memory.copy(to, from, run);
    to += run;
  } else {
    for (; inside > 0; --inside) {
      for (let c: usize = 0; c < bytes; c += 16) v128.store(to + c, v128.load(from + c));
      to += pitch;
      from += step;
    }
  }
  clear(to, pitch, count, bytes);
}

/** Kernel `implicit_gemm`: tile `index` is a range of output rows of one picture in one group; `local` is the offset of this thread's workspace. */
export function implicit_gemm(params: usize, index: i32, local: usize): void {
  const height = word(params, 2), inputWidth = word(params, 3);
  const channels = word(params, 4), packing = word(params, 31);
  const pixel: usize = packing == PLANES ? 4 : <usize> word(params, 1);
  const rowBytes = packing == PLANES ? <usize> word(params, 1) : <usize> inputWidth * pixel;
  const plane = packing == PLANES ? <usize> height * rowBytes : 0;
  const sy = word(params, 13), sx = word(params, 14);
  const dy = word(params, 17), groups = word(params, 18);
  const outHeight = word(params, 19), outWidth = word(params, 20);
  const kh = word(params, 22), kw = word(params, 23), outputs = word(params, 24);
  const tileRows = word(params, 12), tiles = word(params, 25);

  const group = index % groups, block = (index / groups) % tiles, image = index / (groups * tiles);
  const bytes = <usize> channels << 2;
  const first = block * tileRows, rows = min(tileRows, outHeight - first);
  const k = kw * channels, together = word(params, 30);
  const taps = together ? kw : 1, step = together ? sx : 1;
  const count = together ? outWidth : (outWidth - 1) * sx + kw;
  const pitch = bytes * taps, line = <usize> count * pitch;

  const strip = <usize> word(params, 21) + local;
  const apart = together && sy > 1;
  const stripRows = apart ? kh * rows : (rows - 1) * sy + (kh - 1) * dy + 1;
  const unpack = packing == PHOTO ? params + 128 : 0;
  const imageBytes: usize = plane ? 3 * plane : <usize> height * rowBytes;
  const source = <usize> word(params, 0) + <usize> image * imageBytes + <usize> group * bytes;
  for (let tap = 0; tap < taps; ++tap) {
    const left = word(params, 16) - tap;
    const before = left > 0 ? min(count, (left + step - 1) / step) : 0;
    const x = before * step - left;
    const inside = x < inputWidth ? min(count - before, (inputWidth - x + step - 1) / step) : 0;
    const from = source + <usize> x * pixel;
    let to = strip + <usize> tap * bytes;
    for (let i = 0; i < stripRows; ++i) {
      const y = first * sy - word(params, 15) + (apart ? i % rows * sy + i / rows * dy : i);
      const row = from + <usize> y * rowBytes;
      copyRow(to, pitch, row, <usize> step * pixel, before, <u32> y < <u32> height ? inside : 0, count, bytes, unpack, plane);
      to += line;
    }
  }

  const activation = params + 108, slope = slopeOf(activation);
  const lo = splatWord(params, 10), hi = splatWord(params, 11);
  const ldc = <usize> word(params, 7), ldr = word(params, 8) ? <usize> word(params, 9) : 0;
  const lda = together ? pitch : <usize> sx * bytes;
  const gap = <usize> (apart ? rows : dy) * line - (<usize> k << 2);
  const runs = together ? 1 : rows, pixels = together ? rows * outWidth : outWidth;
  const at = <usize> ((image * outHeight + first) * outWidth);
  const column = (<usize> (group * outputs)) << 2;
  const out = <usize> word(params, 6) + at * ldc + column;
  const lineA = <usize> sy * line, lineC = <usize> outWidth * ldc, lineR = <usize> outWidth * ldr;
  let columnC = out, columnR = ldr ? <usize> word(params, 8) + at * ldr + column : 0;
  let w = <usize> word(params, 5) + <usize> group * ((<usize> word(params, 26)) << 2);
  const least = load<f32>(params, 40), most = load<f32>(params, 44);
  const narrow = outputs == 4 && !(k & 3);
  if (together && !narrow) {
    multiply(kh, gap, strip, lda, pixels, k, outputs, together, w, out, ldc, columnR, ldr, least, most, activation);
    return;
  }
  for (let n = outputs; n > 0;) {
    const width = narrow ? 4 : panelColumns(n);
    let a = strip, c = columnC, r = columnR;
    for (let run = 0; run < runs; ++run) {
      if (narrow) narrowRow(pixels, kh, gap, a, lda, k, w, c, ldc, r, ldr, lo, hi, slope);
      else panel(pixels, kh, gap, a, lda, k, w, c, ldc, r, ldr, least, most, n, slope);
      a += lineA;
      c += lineC;
      r += lineR;
    }
    w += <usize> (width * (kh * k + 1)) << 2;
    columnC += <usize> width << 2;
    if (columnR) columnR += <usize> width << 2;
    n -= width;
  }
  if (!slope) activate(activation, out, ldc, rows * outWidth, outputs);
}
