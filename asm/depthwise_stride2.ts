/**
 * Depthwise 3x3 convolution of stride 2 for processors with 32 vector registers: up to three rows of output at once. All nine weights stay in registers; column after column of
 * the pixels above one another is loaded once; every second one is the last of one output and the first of the next.
 */
import { clampBits, lowerBits, upperBits } from "./clamp_bits";
import { madd } from "./simd";

/**
 * `rows` (a compile-time 1 to 3) rows of `count` output pixels, all channels (a multiple of 4). `p` is the first pixel of the first row of input that they look at; the first output
 * lacks its left column where `left`. Where `right`, one more output follows, which lacks its right column. `w` is packed as in depthwise.ts.
 */
@inline
function strip(
  rows: i32,
  p: usize,
  rowBytes: usize,
  pixel: usize,
  left: bool,
  count: i32,
  right: bool,
  w: usize,
  out: usize,
  outRowBytes: usize,
  outPixel: usize,
  channels: i32,
  least: f32,
  most: f32,
): void {
  const lo = lowerBits(least), hi = upperBits(most);
  do {
    const w00 = v128.load(w, 16), w01 = v128.load(w, 32), w02 = v128.load(w, 48);
    const w10 = v128.load(w, 64), w11 = v128.load(w, 80), w12 = v128.load(w, 96);
    const w20 = v128.load(w, 112), w21 = v128.load(w, 128), w22 = v128.load(w, 144);
    let q0 = p, q1 = q0 + rowBytes, q2 = q1 + rowBytes, q3 = q2 + rowBytes, q4 = q3 + rowBytes;
    let q5 = q4 + rowBytes, q6 = q5 + rowBytes;
    let o0 = out, o1 = out + outRowBytes, o2 = o1 + outRowBytes;
    // Sums begin with the bias, by three addresses lest V8 make copies of one load.
    const bias1 = w - 16, bias2 = w - 32;
    let a0 = v128.load(w), a1 = v128.load(bias1, 16), a2 = v128.load(bias2, 32);
    if (!left) {
      const x0 = v128.load(q0), x1 = v128.load(q1), x2 = v128.load(q2);
      const x3 = rows > 1 ? v128.load(q3) : x2, x4 = rows > 1 ? v128.load(q4) : x2;
      const x5 = rows > 2 ? v128.load(q5) : x4, x6 = rows > 2 ? v128.load(q6) : x4;
      a0 = madd(x0, w00, a0);
      if (rows > 1) a1 = madd(x2, w00, a1);
      if (rows > 2) a2 = madd(x4, w00, a2);
      a0 = madd(x1, w10, a0);
      if (rows > 1) a1 = madd(x3, w10, a1);
      if (rows > 2) a2 = madd(x5, w10, a2);
      a0 = madd(x2, w20, a0);
      if (rows > 1) a1 = madd(x4, w20, a1);
      if (rows > 2) a2 = madd(x6, w20, a2);
      q0 += pixel;
      q1 += pixel;
      q2 += pixel;
      if (rows > 1) q3 += pixel;
      if (rows > 1) q4 += pixel;
      if (rows > 2) q5 += pixel;
      if (rows > 2) q6 += pixel;
    }
    for (let i = count; i > 0; --i) {
      {
        const x0 = v128.load(q0), x1 = v128.load(q1), x2 = v128.load(q2);
        const x3 = rows > 1 ? v128.load(q3) : x2, x4 = rows > 1 ? v128.load(q4) : x2;
        const x5 = rows > 2 ? v128.load(q5) : x4, x6 = rows > 2 ? v128.load(q6) : x4;
        a0 = madd(x0, w01, a0);
        if (rows > 1) a1 = madd(x2, w01, a1);
        if (rows > 2) a2 = madd(x4, w01, a2);
        a0 = madd(x1, w11, a0);
        if (rows > 1) a1 = madd(x3, w11, a1);
        if (rows > 2) a2 = madd(x5, w11, a2);
        a0 = madd(x2, w21, a0);
        if (rows > 1) a1 = madd(x4, w21, a1);
        if (rows > 2) a2 = madd(x6, w21, a2);
        q0 += pixel;
        q1 += pixel;
        q2 += pixel;
        if (rows > 1) q3 += pixel;
        if (rows > 1) q4 += pixel;
        if (rows > 2) q5 += pixel;
        if (rows > 2) q6 += pixel;
      }
      const x0 = v128.load(q0), x1 = v128.load(q1), x2 = v128.load(q2);
      const x3 = rows > 1 ? v128.load(q3) : x2, x4 = rows > 1 ? v128.load(q4) : x2;
      const x5 = rows > 2 ? v128.load(q5) : x4, x6 = rows > 2 ? v128.load(q6) : x4;
      a0 = madd(x0, w02, a0);
      if (rows > 1) a1 = madd(x2, w02, a1);
      if (rows > 2) a2 = madd(x4, w02, a2);
      a0 = madd(x1, w12, a0);
      if (rows > 1) a1 = madd(x3, w12, a1);
      if (rows > 2) a2 = madd(x5, w12, a2);
      a0 = madd(x2, w22, a0);
      if (rows > 1) a1 = madd(x4, w22, a1);
      if (rows > 2) a2 = madd(x6, w22, a2);
      q0 += pixel;
      q1 += pixel;
      q2 += pixel;
      if (rows > 1) q3 += pixel;
      if (rows > 1) q4 += pixel;
      if (rows > 2) q5 += pixel;
      if (rows > 2) q6 += pixel;
      v128.store(o0, clampBits(a0, lo, hi));
      o0 += outPixel;
      if (rows > 1) {
        v128.store(o1, clampBits(a1, lo, hi));
        o1 += outPixel;
      }
      if (rows > 2) {
        v128.store(o2, clampBits(a2, lo, hi));
        o2 += outPixel;
      }
      a0 = v128.load(w);
      if (rows > 1) a1 = v128.load(bias1, 16);
      if (rows > 2) a2 = v128.load(bias2, 32);
      a0 = madd(x0, w00, a0);
      if (rows > 1) a1 = madd(x2, w00, a1);
      if (rows > 2) a2 = madd(x4, w00, a2);
      a0 = madd(x1, w10, a0);
      if (rows > 1) a1 = madd(x3, w10, a1);
      if (rows > 2) a2 = madd(x5, w10, a2);
      a0 = madd(x2, w20, a0);
      if (rows > 1) a1 = madd(x4, w20, a1);
      if (rows > 2) a2 = madd(x6, w20, a2);
    }
    if (right) {
      const x0 = v128.load(q0), x1 = v128.load(q1), x2 = v128.load(q2);
      const x3 = rows > 1 ? v128.load(q3) : x2, x4 = rows > 1 ? v128.load(q4) : x2;
      const x5 = rows > 2 ? v128.load(q5) : x4, x6 = rows > 2 ? v128.load(q6) : x4;
      a0 = madd(x0, w01, a0);
      if (rows > 1) a1 = madd(x2, w01, a1);
      if (rows > 2) a2 = madd(x4, w01, a2);
      a0 = madd(x1, w11, a0);
      if (rows > 1) a1 = madd(x3, w11, a1);
      if (rows > 2) a2 = madd(x5, w11, a2);
      a0 = madd(x2, w21, a0);
      if (rows > 1) a1 = madd(x4, w21, a1);
      if (rows > 2) a2 = madd(x6, w21, a2);
      v128.store(o0, clampBits(a0, lo, hi));
      if (rows > 1) v128.store(o1, clampBits(a1, lo, hi));
      if (rows > 2) v128.store(o2, clampBits(a2, lo, hi));
    }
    p += 16;
    out += 16;
    w += 160;
    channels -= 4;
  } while (channels > 0);
}

function oneRow(
  p: usize,
  rowBytes: usize,
  pixel: usize,
  left: bool,
  count: i32,
  right: bool,
  w: usize,
  out: usize,
  outRowBytes: usize,
  outPixel: usize,
  channels: i32,
  least: f32,
  most: f32,
): void {
  strip(1, p, rowBytes, pixel, left, count, right, w, out, outRowBytes, outPixel, channels, least, most);
}

function twoRows(
  p: usize,
  rowBytes: usize,
  pixel: usize,
  left: bool,
  count: i32,
  right: bool,
  w: usize,
  out: usize,
  outRowBytes: usize,
  outPixel: usize,
  channels: i32,
  least: f32,
  most: f32,
): void {
  strip(2, p, rowBytes, pixel, left, count, right, w, out, outRowBytes, outPixel, channels, least, most);
}

function threeRows(
  p: usize,
  rowBytes: usize,
  pixel: usize,
  left: bool,
  count: i32,
  right: bool,
  w: usize,
  out: usize,
  outRowBytes: usize,
  outPixel: usize,
  channels: i32,
  least: f32,
  most: f32,
): void {
  strip(3, p, rowBytes, pixel, left, count, right, w, out, outRowBytes, outPixel, channels, least, most);
}

/**
 * Some of `rows` rows of output, `columns` outputs of all channels after one another. `p` is the first pixel of the first row of input, which has `width`; the first output lacks its
 * left column where `left`. All rows of input that the outputs look at are inside the picture. A row's bits do not depend on which are computed along with it.
 *
 * @returns How many rows it computed.
 */
export function stride2Rows(
  rows: i32,
  columns: i32,
  p: usize,
  rowBytes: usize,
  pixel: usize,
  width: i32,
  left: bool,
  w: usize,
  out: usize,
  outPixel: usize,
  outWidth: i32,
  channels: i32,
  least: f32,
  most: f32,
): i32 {
  const outRowBytes = <usize> outWidth * outPixel;
  // Outputs that have their right column.
  const whole = min(outWidth, (width - 1 + <i32> left) >> 1);
  // Four rows are two and two.
  const taken = rows == 4 ? 2 : min(rows, 3);
  for (let x = 0; x < outWidth; x += columns) {
    const from = p + <usize> (x > 0 ? 2 * x - <i32> left : 0) * pixel, to = out + <usize> x * outPixel;
    const first = x == 0 && left;
    const count = min(columns, whole - x);
    const right = count < min(columns, outWidth - x);
    if (taken == 3) {
      threeRows(from, rowBytes, pixel, first, count, right, w, to, outRowBytes, outPixel, channels, least, most);
    } else if (taken == 2) {
      twoRows(from, rowBytes, pixel, first, count, right, w, to, outRowBytes, outPixel, channels, least, most);
    } else {
      oneRow(from, rowBytes, pixel, first, count, right, w, to, outRowBytes, outPixel, channels, least, most);
    }
  }
  return taken;
}
