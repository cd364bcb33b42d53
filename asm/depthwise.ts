/**
 * Depthwise convolution: one filter a channel, clamped. Channels are innermost, so loads walk memory in order; four neighbouring output
 * pixels of a 3x3 filter share each load of weights and of columns. Taps outside the picture are skipped, not multiplied by zero.
 *
 * Weights are packed by 4 channels, zero-filled past C: bias[4], then tap by tap, [ky][kx], w[4]. Loads read up to 12 bytes past the last
 * channel of a pixel; stores are exact.
 *
 * Parameter block: 0 input, 1 pixel stride (bytes), 2 H, 3 W, 4 C, 5 weights, 6 output, 7 output pixel stride, 8 kh, 9 kw, 10 lo (f32), 11 hi (f32),
 * 12 output rows a tile, 13 stride y, 14 stride x, 15 pad top, 16 pad left, 17 dilation y, 18 dilation x, 19 out H, 20 out W,
 * 21 output rows in all (n * out H).
 */
import { clamp, madd, splatWord, storeLanes, word } from "./simd";

/**
 * Four output pixels of a filter 3 wide, undilated along x, at column stride `stride` (a compile-time 1 or 2). `p` is the first column of the first of
 * `rows` input rows, `rowStep` apart; `w` the packed weights, `tap` the bytes from a block's start to its first used row of taps.
 */
@inline
function four(
  stride: i32,
  p: usize,
  rowStep: usize,
  rows: i32,
  pixel: usize,
  w: usize,
  tap: usize,
  blockBytes: usize,
  out: usize,
  outPixel: usize,
  channels: i32,
  lo: v128,
  hi: v128,
): void {
  do {
    let a0 = v128.load(w), a1 = a0, a2 = a0, a3 = a0;
    let row = p, t = w + tap, ky = rows;
    do {
      const w0 = v128.load(t), w1 = v128.load(t, 16), w2 = v128.load(t, 32);
      let x = v128.load(row), q = row + pixel;
      a0 = madd(x, w0, a0);
      x = v128.load(q);
      q += pixel;
      a0 = madd(x, w1, a0);
      if (stride == 1) a1 = madd(x, w0, a1);
      x = v128.load(q);
      q += pixel;
      a0 = madd(x, w2, a0);
      if (stride == 1) {
        a1 = madd(x, w1, a1);
        a2 = madd(x, w0, a2);
        x = v128.load(q);
        q += pixel;
        a1 = madd(x, w2, a1);
        a2 = madd(x, w1, a2);
        a3 = madd(x, w0, a3);
        x = v128.load(q);
        q += pixel;
        a2 = madd(x, w2, a2);
        a3 = madd(x, w1, a3);
        x = v128.load(q);
        a3 = madd(x, w2, a3);
      } else {
        a1 = madd(x, w0, a1);
        x = v128.load(q);
        q += pixel;
        a1 = madd(x, w1, a1);
        x = v128.load(q);
        q += pixel;
        a1 = madd(x, w2, a1);
        a2 = madd(x, w0, a2);
        x = v128.load(q);
        q += pixel;
        a2 = madd(x, w1, a2);
        x = v128.load(q);
        q += pixel;
        a2 = madd(x, w2, a2);
        a3 = madd(x, w0, a3);
        x = v128.load(q);
        q += pixel;
        a3 = madd(x, w1, a3);
        x = v128.load(q);
        a3 = madd(x, w2, a3);
      }
      row += rowStep;
      t += 48;
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

function fourStride1(
  p: usize,
  rowStep: usize,
  rows: i32,
  pixel: usize,
  w: usize,
  tap: usize,
  blockBytes: usize,
  out: usize,
  outPixel: usize,
  channels: i32,
  lo: v128,
  hi: v128,
): void {
  four(1, p, rowStep, rows, pixel, w, tap, blockBytes, out, outPixel, channels, lo, hi);
}

function fourStride2(
  p: usize,
  rowStep: usize,
  rows: i32,
  pixel: usize,
  w: usize,
  tap: usize,
  blockBytes: usize,
  out: usize,
  outPixel: usize,
  channels: i32,
  lo: v128,
  hi: v128,
): void {
  four(2, p, rowStep, rows, pixel, w, tap, blockBytes, out, outPixel, channels, lo, hi);
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
  const pixel = <usize> word(params, 1);
  const height = word(params, 2), width = word(params, 3), channels = word(params, 4);
  const w = <usize> word(params, 5);
  const outPixel = <usize> word(params, 7);
  const kh = word(params, 8), kw = word(params, 9);
  const lo = splatWord(params, 10), hi = splatWord(params, 11);
  const tileRows = word(params, 12);
  const sy = word(params, 13), sx = word(params, 14);
  const padLeft = word(params, 16);
  const dy = word(params, 17), dx = word(params, 18);
  const outHeight = word(params, 19), outWidth = word(params, 20);

  const rowBytes = <usize> width * pixel;
  const rowStep = <usize> dy * rowBytes, columnStep = <usize> dx * pixel;
  const tapRowBytes = <usize> kw << 4;
  const blockBytes = <usize> kh * tapRowBytes + 16;
  const unrolled = kw == 3 && dx == 1 && sx <= 2;
  // Output columns [left, right) have all their taps inside.
  const left = min(outWidth, (padLeft + sx - 1) / sx);
  const reach = width - (kw - 1) * dx - 1 + padLeft;
  const right = reach < 0 ? left : max(left, min(outWidth, reach / sx + 1));

  const first = index * tileRows;
  const end = min(first + tileRows, word(params, 21));
  for (let row = first; row < end; ++row) {
    const y = (row % outHeight) * sy - word(params, 15);
    const ky = firstInside(y, dy);
    const rows = lastInside(y, dy, kh, height) - ky;
    const image = <usize> word(params, 0) + <usize> (row / outHeight) * <usize> height * rowBytes;
    const line = image + <usize> (y + ky * dy) * rowBytes;
    const tap = <usize> 16 + <usize> ky * tapRowBytes;
    const out = <usize> word(params, 6) + <usize> row * <usize> outWidth * outPixel;
    let ox = 0;
    while (ox < outWidth) {
      const x = ox * sx - padLeft;
      if (unrolled && rows > 0 && ox >= left && right - left >= 4 && ox < right) {
        // The last group is moved back to be whole; what it computes twice comes out the same.
        const at = min(ox, right - 4);
        const p = line + <usize> (at * sx - padLeft) * pixel, o = out + <usize> at * outPixel;
        if (sx == 1) fourStride1(p, rowStep, rows, pixel, w, tap, blockBytes, o, outPixel, channels, lo, hi);
        else fourStride2(p, rowStep, rows, pixel, w, tap, blockBytes, o, outPixel, channels, lo, hi);
        ox = at + 4;
      } else {
        const kx = firstInside(x, dx);
        const columns = lastInside(x, dx, kw, width) - kx;
        one(
          line + <usize> (x + kx * dx) * pixel,
          rowStep,
          rows,
          columnStep,
          columns,
          w,
          tap + ((<usize> kx) << 4),
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
  }
}
