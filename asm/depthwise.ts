/**
 * Depthwise convolution: one filter a channel, clamped or activated. Channels are innermost, so loads walk memory in order; four neighbouring output
 * pixels of a filter 3 or 5 wide share each load of weights and of columns. Taps outside the picture are skipped, not multiplied by zero.
 *
 * Weights are packed by 4 channels, zero-filled past C: bias[4], then tap by tap, [ky][kx], w[4]. Loads read up to 12 bytes past the last
 * channel of a pixel; stores are exact.
 *
 * Parameter block: 0 input, 1 pixel stride (bytes), 2 H, 3 W, 4 C, 5 weights, 6 output, 7 output pixel stride, 8 kh, 9 kw, 10 lo (f32), 11 hi (f32),
 * 12 output rows a tile, 13 stride y, 14 stride x, 15 pad top, 16 pad left, 17 dilation y, 18 dilation x, 19 out H, 20 out W,
 * 21 output rows in all (n * out H), 22 outputs of a row that a filter walks along before the next channels (`depthwise_stride1.ts`, `depthwise_stride2.ts`,
 * `depthwise_5x5.ts`); 0: four pixels and all their channels; 23-25 the activation as in unary.ts.
 */
import * as filter5x5 from "./depthwise_5x5";
import { threeRows, twoRows } from "./depthwise_stride1";
import { stride2Rows } from "./depthwise_stride2";
import { AARCH64, clamp, madd, splatWord, storeLanes, word } from "./simd";
import { activate } from "./unary";

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

/** Byte offset of the activation in the parameter block. */
const ACTIVATION: usize = 23 << 2;

/** What lies outside the picture: nothing, the first column, the last, any but [from, to). */
const NONE = 0, FIRST = 1, LAST = 2, ANY = 3;

/** Whether column `j` of `columns` lies inside; settled at compile time unless `edge` is `ANY`. */
@inline
function inside(edge: i32, j: i32, columns: i32, from: i32, to: i32): bool {
  if (edge == FIRST) return j > 0;
  if (edge == LAST) return j < columns - 1;
  if (edge == ANY) return from <= j && j < to;
  return true;
}

/**
 * Four output pixels of a filter `kw` wide (3 or 5), undilated along x, at column stride `stride` (1 or 2): they share the load of each column and of each
 * weight. All three are compile-time, as is `edge`, which columns lie outside the picture. `p` is the first column of the first of `rows`
 * input rows, `rowStep` apart; `w` the packed weights, `first` the bytes from a block's start to its first used row of taps.
 */
@inline
function four(
  kw: i32,
  stride: i32,
  edge: i32,
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
      if (inside(edge, 0, columns, from, to)) {
        const x = v128.load(q);
        a0 = tap(0, kw, x, w0, w1, w2, w3, w4, a0);
        a1 = tap(0 - stride, kw, x, w0, w1, w2, w3, w4, a1);
        a2 = tap(0 - 2 * stride, kw, x, w0, w1, w2, w3, w4, a2);
        a3 = tap(0 - 3 * stride, kw, x, w0, w1, w2, w3, w4, a3);
      }
      q += pixel;
      if (inside(edge, 1, columns, from, to)) {
        const x = v128.load(q);
        a0 = tap(1, kw, x, w0, w1, w2, w3, w4, a0);
        a1 = tap(1 - stride, kw, x, w0, w1, w2, w3, w4, a1);
        a2 = tap(1 - 2 * stride, kw, x, w0, w1, w2, w3, w4, a2);
        a3 = tap(1 - 3 * stride, kw, x, w0, w1, w2, w3, w4, a3);
      }
      q += pixel;
      if (inside(edge, 2, columns, from, to)) {
        const x = v128.load(q);
        a0 = tap(2, kw, x, w0, w1, w2, w3, w4, a0);
        a1 = tap(2 - stride, kw, x, w0, w1, w2, w3, w4, a1);
        a2 = tap(2 - 2 * stride, kw, x, w0, w1, w2, w3, w4, a2);
        a3 = tap(2 - 3 * stride, kw, x, w0, w1, w2, w3, w4, a3);
      }
      q += pixel;
      if (inside(edge, 3, columns, from, to)) {
        const x = v128.load(q);
        a0 = tap(3, kw, x, w0, w1, w2, w3, w4, a0);
        a1 = tap(3 - stride, kw, x, w0, w1, w2, w3, w4, a1);
        a2 = tap(3 - 2 * stride, kw, x, w0, w1, w2, w3, w4, a2);
        a3 = tap(3 - 3 * stride, kw, x, w0, w1, w2, w3, w4, a3);
      }
      q += pixel;
      if (inside(edge, 4, columns, from, to)) {
        const x = v128.load(q);
        a0 = tap(4, kw, x, w0, w1, w2, w3, w4, a0);
        a1 = tap(4 - stride, kw, x, w0, w1, w2, w3, w4, a1);
        a2 = tap(4 - 2 * stride, kw, x, w0, w1, w2, w3, w4, a2);
        a3 = tap(4 - 3 * stride, kw, x, w0, w1, w2, w3, w4, a3);
      }
      q += pixel;
      if (inside(edge, 5, columns, from, to)) {
        const x = v128.load(q);
        a0 = tap(5, kw, x, w0, w1, w2, w3, w4, a0);
        a1 = tap(5 - stride, kw, x, w0, w1, w2, w3, w4, a1);
        a2 = tap(5 - 2 * stride, kw, x, w0, w1, w2, w3, w4, a2);
        a3 = tap(5 - 3 * stride, kw, x, w0, w1, w2, w3, w4, a3);
      }
      if (columns > 6) q += pixel;
      if (columns > 6 && inside(edge, 6, columns, from, to)) {
        const x = v128.load(q);
        a0 = tap(6, kw, x, w0, w1, w2, w3, w4, a0);
        a1 = tap(6 - stride, kw, x, w0, w1, w2, w3, w4, a1);
        a2 = tap(6 - 2 * stride, kw, x, w0, w1, w2, w3, w4, a2);
        a3 = tap(6 - 3 * stride, kw, x, w0, w1, w2, w3, w4, a3);
      }
      if (columns > 7) q += pixel;
      if (columns > 7 && inside(edge, 7, columns, from, to)) {
        const x = v128.load(q);
        a0 = tap(7, kw, x, w0, w1, w2, w3, w4, a0);
        a1 = tap(7 - stride, kw, x, w0, w1, w2, w3, w4, a1);
        a2 = tap(7 - 2 * stride, kw, x, w0, w1, w2, w3, w4, a2);
        a3 = tap(7 - 3 * stride, kw, x, w0, w1, w2, w3, w4, a3);
      }
      if (columns > 8) q += pixel;
      if (columns > 8 && inside(edge, 8, columns, from, to)) {
        const x = v128.load(q);
        a0 = tap(8, kw, x, w0, w1, w2, w3, w4, a0);
        a1 = tap(8 - stride, kw, x, w0, w1, w2, w3, w4, a1);
        a2 = tap(8 - 2 * stride, kw, x, w0, w1, w2, w3, w4, a2);
        a3 = tap(8 - 3 * stride, kw, x, w0, w1, w2, w3, w4, a3);
      }
      if (columns > 9) q += pixel;
      if (columns > 9 && inside(edge, 9, columns, from, to)) {
        const x = v128.load(q);
        a0 = tap(9, kw, x, w0, w1, w2, w3, w4, a0);
        a1 = tap(9 - stride, kw, x, w0, w1, w2, w3, w4, a1);
        a2 = tap(9 - 2 * stride, kw, x, w0, w1, w2, w3, w4, a2);
        a3 = tap(9 - 3 * stride, kw, x, w0, w1, w2, w3, w4, a3);
      }
      if (columns > 10) q += pixel;
      if (columns > 10 && inside(edge, 10, columns, from, to)) {
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
  four(3, 1, NONE, p, rowStep, rows, pixel, w, first, blockBytes, out, outPixel, channels, lo, hi, 0, 0);
}

function left3s1(
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
  four(3, 1, FIRST, p, rowStep, rows, pixel, w, first, blockBytes, out, outPixel, channels, lo, hi, 0, 0);
}

function right3s1(
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
  four(3, 1, LAST, p, rowStep, rows, pixel, w, first, blockBytes, out, outPixel, channels, lo, hi, 0, 0);
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
  four(3, 2, NONE, p, rowStep, rows, pixel, w, first, blockBytes, out, outPixel, channels, lo, hi, 0, 0);
}

function left3s2(
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
  four(3, 2, FIRST, p, rowStep, rows, pixel, w, first, blockBytes, out, outPixel, channels, lo, hi, 0, 0);
}

function right3s2(
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
  four(3, 2, LAST, p, rowStep, rows, pixel, w, first, blockBytes, out, outPixel, channels, lo, hi, 0, 0);
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
  four(5, 1, NONE, p, rowStep, rows, pixel, w, first, blockBytes, out, outPixel, channels, lo, hi, 0, 0);
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
  four(5, 1, ANY, p, rowStep, rows, pixel, w, first, blockBytes, out, outPixel, channels, lo, hi, from, to);
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
  four(5, 2, NONE, p, rowStep, rows, pixel, w, first, blockBytes, out, outPixel, channels, lo, hi, 0, 0);
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
  four(5, 2, ANY, p, rowStep, rows, pixel, w, first, blockBytes, out, outPixel, channels, lo, hi, from, to);
}

/** One output pixel of any filter: `rows` by `columns` taps are inside the picture, from `p` and block offset `tap` on. */
function one(
  p: usize,
  rowStep: usize,
  rows: i32,
  columnStep: usize,
  columns: i32,
  w: usize,
  tap: usize,
  tapRowBytes: usize,
  blockBytes: usize,
  out: usize,
  channels: i32,
  lo: v128,
  hi: v128,
): void {
  for (; channels > 0; channels -= 4) {
    let a = v128.load(w);
    let row = p, tapRow = w + tap;
    for (let ky = rows; ky > 0; --ky) {
      let q = row, t = tapRow;
      for (let kx = columns; kx > 0; --kx) {
        a = madd(v128.load(q), v128.load(t), a);
        q += columnStep;
        t += 16;
      }
      row += rowStep;
      tapRow += tapRowBytes;
    }
    storeLanes(out, clamp(a, lo, hi), channels);
    p += 16;
    w += blockBytes;
    out += 16;
  }
}

/** The first tap at or after which `start + tap * dilation` is not negative. */
@inline
function firstInside(start: i32, dilation: i32): i32 {
  return start < 0 ? (dilation - 1 - start) / dilation : 0;
}

/** How many of `taps` taps lie before `size`. */
@inline
function lastInside(start: i32, dilation: i32, taps: i32, size: i32): i32 {
  return size <= start ? 0 : min(taps, (size - start + dilation - 1) / dilation);
}

/** Kernel `depthwise`: tile `index`, a range of output rows. */
export function depthwise(params: usize, index: i32): void {
  const first = index * word(params, 12);
  const end = min(first + word(params, 12), word(params, 21));
  if (AARCH64 && word(params, 22) > 0 && (word(params, 8) == 5 || word(params, 13) == 1)) depthwiseStacks(params, first, end);
  else depthwiseRows(params, <usize> word(params, 0), first, end);
}

/**
 * The output rows [first, end), of a 3x3 filter three at once and two where three do not come out even, of a 5x5 one two. They are counted from the first that lies
 * wholly inside its picture, and belong to the tile of the uppermost, so that tiles of any size give the same bits.
 */
function depthwiseStacks(params: usize, first: i32, end: i32): void {
  const input = <usize> word(params, 0), pixel = <usize> word(params, 1);
  const height = word(params, 2), width = word(params, 3), channels = word(params, 4);
  const w = <usize> word(params, 5), outPixel = <usize> word(params, 7);
  const extent = word(params, 8), stride = word(params, 13);
  const padTop = word(params, 15), left = word(params, 16);
  const outHeight = word(params, 19), outWidth = word(params, 20);
  const least = load<f32>(params, 40), most = load<f32>(params, 44);
  const rowBytes = <usize> width * pixel, outRowBytes = <usize> outWidth * outPixel;
  const right = (outWidth - 1) * stride + extent - left - width;
  const above = (padTop + stride - 1) / stride;
  const inside = min(outHeight, (height - extent + padTop) / stride + 1) - above;
  const stacked = inside < 2 ? 0 : extent == 5 ? inside & ~1 : inside;
  const byThree = extent == 5 ? 0 : stacked % 3 == 1 ? stacked - 4 : stacked - stacked % 3;
  for (let row = first; row < end; ++row) {
    const at = row % outHeight - above;
    if (<u32> at >= <u32> stacked) {
      depthwiseRows(params, input, row, row + 1);
      continue;
    }
    const rows = at < byThree ? 3 : 2;
    if ((at < byThree ? at : at - byThree) % rows > 0) continue;
    const p = input + <usize> (row / outHeight * height + (at + above) * stride - padTop) * rowBytes;
    const out = <usize> word(params, 6) + <usize> row * outRowBytes;
    if (rows == 3) {
      threeRows(p, rowBytes, pixel, width, left == 1, right == 1, w, out, outRowBytes, outPixel, channels, least, most);
    } else if (extent == 3) {
      twoRows(p, rowBytes, pixel, width, left == 1, right == 1, w, out, outRowBytes, outPixel, channels, least, most);
    } else if (stride == 1) {
      filter5x5.stride1Rows(p, rowBytes, pixel, width, left, right, w, out, outRowBytes, outPixel, channels, least, most);
    } else {
      filter5x5.stride2Rows(p, rowBytes, pixel, width, left, right, w, out, outRowBytes, outPixel, channels, least, most);
    }
    activate(params + ACTIVATION, out, outPixel, rows * outWidth, channels);
  }
}

/** The output rows [first, end), all pictures counted through, of an input whose first row lies (or would lie) at `input`. */
export function depthwiseRows(params: usize, input: usize, first: i32, end: i32): void {
  const pixel = <usize> word(params, 1);
  const height = word(params, 2), width = word(params, 3), channels = word(params, 4);
  const w = <usize> word(params, 5);
  const outPixel = <usize> word(params, 7);
  const kh = word(params, 8), kw = word(params, 9);
  const lo = splatWord(params, 10), hi = splatWord(params, 11);
  const sy = word(params, 13), sx = word(params, 14);
  const padLeft = word(params, 16);
  const dy = word(params, 17), dx = word(params, 18);
  const outHeight = word(params, 19), outWidth = word(params, 20);

  const rowBytes = <usize> width * pixel;
  const rowStep = <usize> dy * rowBytes, columnStep = <usize> dx * pixel;
  const tapRowBytes = <usize> kw << 4;
  const blockBytes = <usize> kh * tapRowBytes + 16;
  const unrolled = (kw == 3 || kw == 5) && dx == 1 && sx <= 2 && outWidth >= 4;
  const columns = kw + 3 * sx;
  const walked = kh == 3 && sy == 2 ? word(params, 22) : 0;

  for (let row = first; row < end; ++row) {
    const y = (row % outHeight) * sy - word(params, 15);
    const ky = firstInside(y, dy);
    const rows = lastInside(y, dy, kh, height) - ky;
    const image = input + <usize> (row / outHeight) * <usize> height * rowBytes;
    const line = image + <usize> (y + ky * dy) * rowBytes;
    const taps = <usize> 16 + <usize> ky * tapRowBytes;
    const out = <usize> word(params, 6) + <usize> row * <usize> outWidth * outPixel;
    if (walked > 0 && rows == 3) {
      const whole = min(end - row, min(outHeight - row % outHeight, (height - 1 - y) >> 1));
      const done = stride2Rows(
        whole,
        walked,
        line,
        rowBytes,
        pixel,
        width,
        padLeft == 1,
        w,
        out,
        outPixel,
        outWidth,
        channels,
        load<f32>(params, 40),
        load<f32>(params, 44),
      );
      activate(params + ACTIVATION, out, outPixel, done * outWidth, channels);
      row += done - 1;
      continue;
    }
    let ox = 0;
    while (ox < outWidth) {
      const x = ox * sx - padLeft;
      // The last group is moved back to be whole; what it computes twice comes out the same.
      const at = min(ox, outWidth - 4);
      const column = at * sx - padLeft;
      const from = max(0, -column), to = min(columns, width - column);
      const cut = from + columns - to;
      if (unrolled && rows > 0 && (kw == 5 || cut == 0 || (cut == 1 && from <= 1))) {
        const p = line + <usize> column * pixel, o = out + <usize> at * outPixel;
        if (kw == 3) {
          if (cut == 0) {
            if (sx == 1) inner3s1(p, rowStep, rows, pixel, w, taps, blockBytes, o, outPixel, channels, lo, hi);
            else inner3s2(p, rowStep, rows, pixel, w, taps, blockBytes, o, outPixel, channels, lo, hi);
          } else if (from == 1) {
            if (sx == 1) left3s1(p, rowStep, rows, pixel, w, taps, blockBytes, o, outPixel, channels, lo, hi);
            else left3s2(p, rowStep, rows, pixel, w, taps, blockBytes, o, outPixel, channels, lo, hi);
          } else {
            if (sx == 1) right3s1(p, rowStep, rows, pixel, w, taps, blockBytes, o, outPixel, channels, lo, hi);
            else right3s2(p, rowStep, rows, pixel, w, taps, blockBytes, o, outPixel, channels, lo, hi);
          }
        } else if (!AARCH64 && cut == 0) {
          if (sx == 1) inner5s1(p, rowStep, rows, pixel, w, taps, blockBytes, o, outPixel, channels, lo, hi);
          else inner5s2(p, rowStep, rows, pixel, w, taps, blockBytes, o, outPixel, channels, lo, hi);
        } else {
          if (sx == 1) edge5s1(p, rowStep, rows, pixel, w, taps, blockBytes, o, outPixel, channels, lo, hi, from, to);
          else edge5s2(p, rowStep, rows, pixel, w, taps, blockBytes, o, outPixel, channels, lo, hi, from, to);
        }
        ox = at + 4;
      } else {
        const kx = firstInside(x, dx);
        const taken = lastInside(x, dx, kw, width) - kx;
        one(
          line + <usize> (x + kx * dx) * pixel,
          rowStep,
          rows,
          columnStep,
          taken,
          w,
          taps + ((<usize> kx) << 4),
          tapRowBytes,
          blockBytes,
          out + <usize> ox * outPixel,
          channels,
          lo,
          hi,
        );
        ++ox;
      }
    }
    activate(params + ACTIVATION, out, outPixel, outWidth, channels);
  }
}
