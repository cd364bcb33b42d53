/**
 * Depthwise 3x3 convolution of stride 1 or 2 for processors with 16 vector registers: four neighbouring output pixels of two rows at a time. Eight sums, six weights and a
 * pixel fill the 15 registers that V8 leaves there. Every load costs a bounds check too, and here each feeds up to twice as many multiply-adds as in `depthwise_4px.ts`; the
 * order of additions is the same, and so are the bits.
 */
import { stride1 } from "./depthwise_2x4px_stride1";
import { stride2 } from "./depthwise_2x4px_stride2";

function inner1(
  p: usize,
  rowBytes: usize,
  pixel: usize,
  w: usize,
  out: usize,
  outRowBytes: usize,
  outPixel: usize,
  channels: i32,
  lo: v128,
  hi: v128,
  top: bool,
  bottom: bool,
): void {
  stride1(p, rowBytes, pixel, w, out, outRowBytes, outPixel, channels, lo, hi, top, bottom, false, false);
}

function edge1(
  p: usize,
  rowBytes: usize,
  pixel: usize,
  w: usize,
  out: usize,
  outRowBytes: usize,
  outPixel: usize,
  channels: i32,
  lo: v128,
  hi: v128,
  top: bool,
  bottom: bool,
  first: bool,
  last: bool,
): void {
  stride1(p, rowBytes, pixel, w, out, outRowBytes, outPixel, channels, lo, hi, top, bottom, first, last);
}

function inner2(
  p: usize,
  rowBytes: usize,
  pixel: usize,
  w: usize,
  out: usize,
  outRowBytes: usize,
  outPixel: usize,
  channels: i32,
  lo: v128,
  hi: v128,
  top: bool,
  bottom: bool,
): void {
  stride2(p, rowBytes, pixel, w, out, outRowBytes, outPixel, channels, lo, hi, top, bottom, false, false);
}

function edge2(
  p: usize,
  rowBytes: usize,
  pixel: usize,
  w: usize,
  out: usize,
  outRowBytes: usize,
  outPixel: usize,
  channels: i32,
  lo: v128,
  hi: v128,
  top: bool,
  bottom: bool,
  first: bool,
  last: bool,
): void {
  stride2(p, rowBytes, pixel, w, out, outRowBytes, outPixel, channels, lo, hi, top, bottom, first, last);
}

/**
 * Two rows of `outWidth` (at least 4) output pixels at `stride` 1 or 2, all channels. `p` is the first pixel of the first row of input that they look at; rows have `width`.
 * The one at the `top` or at the `bottom` may lie outside the picture. The first output lacks its left column where `left`, the last its right one where the input ends before.
 */
export function twoRows(
  stride: i32,
  p: usize,
  rowBytes: usize,
  pixel: usize,
  width: i32,
  left: bool,
  w: usize,
  out: usize,
  outWidth: i32,
  outPixel: usize,
  channels: i32,
  least: f32,
  most: f32,
  top: bool,
  bottom: bool,
): void {
  const lo = f32x4.splat(least), hi = f32x4.splat(most);
  const outRowBytes = <usize> outWidth * outPixel;
  for (let x = 0; x < outWidth; x += 4) {
    // The last group is moved back to be whole; what it computes twice comes out the same.
    const at = min(x, outWidth - 4), column = at * stride - <i32> left;
    const from = p + <usize> column * pixel, to = out + <usize> at * outPixel;
    const first = column < 0, last = column + 3 + 3 * stride > width;
    if (stride == 1) {
      if (first || last) edge1(from, rowBytes, pixel, w, to, outRowBytes, outPixel, channels, lo, hi, top, bottom, first, last);
      else inner1(from, rowBytes, pixel, w, to, outRowBytes, outPixel, channels, lo, hi, top, bottom);
    } else {
      if (first || last) edge2(from, rowBytes, pixel, w, to, outRowBytes, outPixel, channels, lo, hi, top, bottom, first, last);
      else inner2(from, rowBytes, pixel, w, to, outRowBytes, outPixel, channels, lo, hi, top, bottom);
    }
  }
}
