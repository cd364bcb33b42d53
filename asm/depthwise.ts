/**
 * Depthwise convolution: one filter a channel, clamped or activated. On aarch64 most filters walk along rows; elsewhere those 3x3 compute four neighbouring output pixels of two rows
 * at a time (`depthwise_2x4px.ts`). Four pixels of one row (`depthwise_4px.ts`) of a filter 3 or 5 wide are what remains, and one pixel of others. Taps outside the picture are
 * skipped, not multiplied by zero.
 *
 * Weights are packed by 4 channels, zero-filled past C: bias[4], then tap by tap, [ky][kx], w[4]. Loads read up to 12 bytes past the last
 * channel of a pixel; stores are exact.
 *
 * Parameter block: 0 input, 1 pixel stride (bytes), 2 H, 3 W, 4 C, 5 weights, 6 output, 7 output pixel stride, 8 kh, 9 kw, 10 lo (f32), 11 hi (f32),
 * 12 output rows a tile, 13 stride y, 14 stride x, 15 pad top, 16 pad left, 17 dilation y, 18 dilation x, 19 out H, 20 out W,
 * 21 output rows in all (n * out H), 22 outputs of a row that a filter walks along before the next channels (`depthwise_stride1.ts`, `depthwise_stride2.ts`,
 * `depthwise_5x5.ts`), or, elsewhere than on aarch64, whether two rows are computed at once; 0: four pixels of one; 23-25 the activation as in unary.ts.
 */
import * as pixels2x4 from "./depthwise_2x4px";
import { fourPixels } from "./depthwise_4px";
import * as filter5x5 from "./depthwise_5x5";
import { threeRows, twoRows } from "./depthwise_stride1";
import { stride2Rows } from "./depthwise_stride2";
import { AARCH64, clamp, madd, splatWord, storeLanes, word } from "./simd";
import { activate } from "./unary";

/** Byte offset of the activation in the parameter block. */
const ACTIVATION: usize = 23 << 2;

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
  else depthwiseRows(params, <usize> word(params, 0), 0, word(params, 4), first, end);
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
      depthwiseRows(params, input, 0, channels, row, row + 1);
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

/**
 * The output rows [first, end), all pictures counted through, of `channels` channels from `channel` (a multiple of 4) on; the input of these, from its first row
 * on, lies (or would lie) at `input`.
 */
export function depthwiseRows(params: usize, input: usize, channel: i32, channels: i32, first: i32, end: i32): void {
  const pixel = <usize> word(params, 1);
  const height = word(params, 2), width = word(params, 3);
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
  const w = <usize> word(params, 5) + (<usize> channel >> 2) * blockBytes;
  const output = <usize> word(params, 6) + (<usize> channel << 2);
  const unrolled = (kw == 3 || kw == 5) && dx == 1 && sx <= 2 && outWidth >= 4;
  const columns = kw + 3 * sx;
  const walked = kh == 3 && (sy == 2 || !AARCH64) ? word(params, 22) : 0;

  for (let row = first; row < end; ++row) {
    const y = (row % outHeight) * sy - word(params, 15);
    const ky = firstInside(y, dy);
    const rows = lastInside(y, dy, kh, height) - ky;
    const image = input + <usize> (row / outHeight) * <usize> height * rowBytes;
    const line = image + <usize> (y + ky * dy) * rowBytes;
    const taps = <usize> 16 + <usize> ky * tapRowBytes;
    const out = output + <usize> row * <usize> outWidth * outPixel;
    const left = padLeft == 1, least = load<f32>(params, 40), most = load<f32>(params, 44);
    let done = 0;
    if (AARCH64) {
      if (walked > 0 && rows == 3) {
        const whole = min(end - row, min(outHeight - row % outHeight, (height - 1 - y) >> 1));
        done = stride2Rows(whole, walked, line, rowBytes, pixel, width, left, w, out, outPixel, outWidth, channels, least, most);
      }
    } else if (walked > 0 && row + 1 < end && row % outHeight + 1 < outHeight && y >= -1 && y + sy + 2 <= height) {
      const p = image + <usize> y * rowBytes, bottom = y + sy + 2 == height;
      pixels2x4.twoRows(sy, p, rowBytes, pixel, width, left, w, out, outWidth, outPixel, channels, least, most, y < 0, bottom);
      done = 2;
    }
    if (done > 0) {
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
      if (unrolled && rows > 0) {
        fourPixels(
          kw,
          sx,
          cut,
          from,
          to,
          line + <usize> column * pixel,
          rowStep,
          rows,
          pixel,
          w,
          taps,
          blockBytes,
          out + <usize> at * outPixel,
          outPixel,
          channels,
          lo,
          hi,
        );
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
