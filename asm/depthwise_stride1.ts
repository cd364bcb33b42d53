/**
 * Depthwise 3x3 convolution of stride 1 for processors with 32 vector registers: three rows of output at once, or two. All nine weights stay in registers; column after column
 * of the pixels above one another is loaded once, and feeds the three outputs of each row that look at it.
 */
import { clampBits, lowerBits, upperBits } from "./clamp_bits";
import { madd } from "./simd";

/** w0 * x0 + w1 * x1 + w2 * x2 + sum. */
@inline
function column(x0: v128, x1: v128, x2: v128, w0: v128, w1: v128, w2: v128, sum: v128): v128 {
  return madd(x2, w2, madd(x1, w1, madd(x0, w0, sum)));
}

/**
 * `rows` (a compile-time 2 or 3) rows of output pixels, all channels (a multiple of 4). `p` is the first of `columns` pixels of the first row of input; the first output
 * lacks its left column where `left`, the last its right one where `right`. `w` is packed as in depthwise.ts, limits are as clamp_bits.ts wants them.
 */
@inline
function strip(
  rows: i32,
  p: usize,
  rowBytes: usize,
  pixel: usize,
  columns: i32,
  left: bool,
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
  const silent = left ? 1 : 2;
  const head = silent + (columns - silent) % 3;
  do {
    const w00 = v128.load(w, 16), w01 = v128.load(w, 32), w02 = v128.load(w, 48);
    const w10 = v128.load(w, 64), w11 = v128.load(w, 80), w12 = v128.load(w, 96);
    const w20 = v128.load(w, 112), w21 = v128.load(w, 128), w22 = v128.load(w, 144);
    let q0 = p, q1 = q0 + rowBytes, q2 = q1 + rowBytes, q3 = q2 + rowBytes, q4 = q3 + rowBytes;
    let o0 = out, o1 = out + outRowBytes, o2 = o1 + outRowBytes;
    // Sums of each row that lack their last column, their last two, and all three. They begin with the bias, which is loaded anew each time since a copy takes a slot of the
    // vector unit; by three addresses lest V8 make copies of one load. Their bounds it checks here alone.
    // Ahead of the pixels they take the registers of the sums that were stored last, and begun in this order each sum leaves the loop in the register it came in: no moves.
    const bias1 = w - 16, bias2 = w - 32;
    let a2 = v128.load(bias2, 32), a1 = v128.load(bias1, 16), a0 = v128.load(w);
    let b0 = a2, b1 = a1, b2 = a0, c0 = a0, c1 = a1, c2 = a2;
    for (let i = 0; i < head; ++i) {
      const x0 = v128.load(q0), x1 = v128.load(q1), x2 = v128.load(q2), x3 = v128.load(q3);
      const x4 = rows > 2 ? v128.load(q4) : x3;
      if (i >= silent) {
        v128.store(o0, clampBits(column(x0, x1, x2, w02, w12, w22, a0), lo, hi));
        v128.store(o1, clampBits(column(x1, x2, x3, w02, w12, w22, a1), lo, hi));
        if (rows > 2) v128.store(o2, clampBits(column(x2, x3, x4, w02, w12, w22, a2), lo, hi));
        o0 += outPixel;
        o1 += outPixel;
        if (rows > 2) o2 += outPixel;
      }
      a0 = column(x0, x1, x2, w01, w11, w21, b0);
      a1 = column(x1, x2, x3, w01, w11, w21, b1);
      if (rows > 2) a2 = column(x2, x3, x4, w01, w11, w21, b2);
      b0 = column(x0, x1, x2, w00, w10, w20, v128.load(w));
      b1 = column(x1, x2, x3, w00, w10, w20, v128.load(w));
      if (rows > 2) b2 = column(x2, x3, x4, w00, w10, w20, v128.load(w));
      q0 += pixel;
      q1 += pixel;
      q2 += pixel;
      q3 += pixel;
      if (rows > 2) q4 += pixel;
    }
    for (let i = columns - head; i > 0; i -= 3) {
      {
        c0 = v128.load(w);
        c1 = v128.load(bias1, 16);
        if (rows > 2) c2 = v128.load(bias2, 32);
        const x0 = v128.load(q0), x1 = v128.load(q1), x2 = v128.load(q2), x3 = v128.load(q3);
        const x4 = rows > 2 ? v128.load(q4) : x3;
        a0 = madd(x0, w02, a0);
        b0 = madd(x0, w01, b0);
        c0 = madd(x0, w00, c0);
        a1 = madd(x1, w02, a1);
        b1 = madd(x1, w01, b1);
        c1 = madd(x1, w00, c1);
        if (rows > 2) {
          a2 = madd(x2, w02, a2);
          b2 = madd(x2, w01, b2);
          c2 = madd(x2, w00, c2);
        }
        a0 = madd(x1, w12, a0);
        b0 = madd(x1, w11, b0);
        c0 = madd(x1, w10, c0);
        a1 = madd(x2, w12, a1);
        b1 = madd(x2, w11, b1);
        c1 = madd(x2, w10, c1);
        if (rows > 2) {
          a2 = madd(x3, w12, a2);
          b2 = madd(x3, w11, b2);
          c2 = madd(x3, w10, c2);
        }
        a0 = madd(x2, w22, a0);
        b0 = madd(x2, w21, b0);
        c0 = madd(x2, w20, c0);
        a1 = madd(x3, w22, a1);
        b1 = madd(x3, w21, b1);
        c1 = madd(x3, w20, c1);
        if (rows > 2) {
          a2 = madd(x4, w22, a2);
          b2 = madd(x4, w21, b2);
          c2 = madd(x4, w20, c2);
        }
        q0 += pixel;
        q1 += pixel;
        q2 += pixel;
        q3 += pixel;
        if (rows > 2) q4 += pixel;
        v128.store(o0, clampBits(a0, lo, hi));
        o0 += outPixel;
        v128.store(o1, clampBits(a1, lo, hi));
        o1 += outPixel;
        if (rows > 2) {
          v128.store(o2, clampBits(a2, lo, hi));
          o2 += outPixel;
        }
      }
      {
        a0 = v128.load(w);
        a1 = v128.load(bias1, 16);
        if (rows > 2) a2 = v128.load(bias2, 32);
        const x0 = v128.load(q0), x1 = v128.load(q1), x2 = v128.load(q2), x3 = v128.load(q3);
        const x4 = rows > 2 ? v128.load(q4) : x3;
        b0 = madd(x0, w02, b0);
        c0 = madd(x0, w01, c0);
        a0 = madd(x0, w00, a0);
        b1 = madd(x1, w02, b1);
        c1 = madd(x1, w01, c1);
        a1 = madd(x1, w00, a1);
        if (rows > 2) {
          b2 = madd(x2, w02, b2);
          c2 = madd(x2, w01, c2);
          a2 = madd(x2, w00, a2);
        }
        b0 = madd(x1, w12, b0);
        c0 = madd(x1, w11, c0);
        a0 = madd(x1, w10, a0);
        b1 = madd(x2, w12, b1);
        c1 = madd(x2, w11, c1);
        a1 = madd(x2, w10, a1);
        if (rows > 2) {
          b2 = madd(x3, w12, b2);
          c2 = madd(x3, w11, c2);
          a2 = madd(x3, w10, a2);
        }
        b0 = madd(x2, w22, b0);
        c0 = madd(x2, w21, c0);
        a0 = madd(x2, w20, a0);
        b1 = madd(x3, w22, b1);
        c1 = madd(x3, w21, c1);
        a1 = madd(x3, w20, a1);
        if (rows > 2) {
          b2 = madd(x4, w22, b2);
          c2 = madd(x4, w21, c2);
          a2 = madd(x4, w20, a2);
        }
        q0 += pixel;
        q1 += pixel;
        q2 += pixel;
        q3 += pixel;
        if (rows > 2) q4 += pixel;
        v128.store(o0, clampBits(b0, lo, hi));
        o0 += outPixel;
        v128.store(o1, clampBits(b1, lo, hi));
        o1 += outPixel;
        if (rows > 2) {
          v128.store(o2, clampBits(b2, lo, hi));
          o2 += outPixel;
        }
      }
      {
        b0 = v128.load(w);
        b1 = v128.load(bias1, 16);
        if (rows > 2) b2 = v128.load(bias2, 32);
        const x0 = v128.load(q0), x1 = v128.load(q1), x2 = v128.load(q2), x3 = v128.load(q3);
        const x4 = rows > 2 ? v128.load(q4) : x3;
        c0 = madd(x0, w02, c0);
        a0 = madd(x0, w01, a0);
        b0 = madd(x0, w00, b0);
        c1 = madd(x1, w02, c1);
        a1 = madd(x1, w01, a1);
        b1 = madd(x1, w00, b1);
        if (rows > 2) {
          c2 = madd(x2, w02, c2);
          a2 = madd(x2, w01, a2);
          b2 = madd(x2, w00, b2);
        }
        c0 = madd(x1, w12, c0);
        a0 = madd(x1, w11, a0);
        b0 = madd(x1, w10, b0);
        c1 = madd(x2, w12, c1);
        a1 = madd(x2, w11, a1);
        b1 = madd(x2, w10, b1);
        if (rows > 2) {
          c2 = madd(x3, w12, c2);
          a2 = madd(x3, w11, a2);
          b2 = madd(x3, w10, b2);
        }
        c0 = madd(x2, w22, c0);
        a0 = madd(x2, w21, a0);
        b0 = madd(x2, w20, b0);
        c1 = madd(x3, w22, c1);
        a1 = madd(x3, w21, a1);
        b1 = madd(x3, w20, b1);
        if (rows > 2) {
          c2 = madd(x4, w22, c2);
          a2 = madd(x4, w21, a2);
          b2 = madd(x4, w20, b2);
        }
        q0 += pixel;
        q1 += pixel;
        q2 += pixel;
        q3 += pixel;
        if (rows > 2) q4 += pixel;
        v128.store(o0, clampBits(c0, lo, hi));
        o0 += outPixel;
        v128.store(o1, clampBits(c1, lo, hi));
        o1 += outPixel;
        if (rows > 2) {
          v128.store(o2, clampBits(c2, lo, hi));
          o2 += outPixel;
        }
      }
    }
    if (right) {
      v128.store(o0, clampBits(a0, lo, hi));
      v128.store(o1, clampBits(a1, lo, hi));
      if (rows > 2) v128.store(o2, clampBits(a2, lo, hi));
    }
    p += 16;
    out += 16;
    w += 160;
    channels -= 4;
  } while (channels > 0);
}

/** `strip` of two rows. */
export function twoRows(
  p: usize,
  rowBytes: usize,
  pixel: usize,
  columns: i32,
  left: bool,
  right: bool,
  w: usize,
  out: usize,
  outRowBytes: usize,
  outPixel: usize,
  channels: i32,
  least: f32,
  most: f32,
): void {
  strip(2, p, rowBytes, pixel, columns, left, right, w, out, outRowBytes, outPixel, channels, least, most);
}

/** `strip` of three rows. */
export function threeRows(
  p: usize,
  rowBytes: usize,
  pixel: usize,
  columns: i32,
  left: bool,
  right: bool,
  w: usize,
  out: usize,
  outRowBytes: usize,
  outPixel: usize,
  channels: i32,
  least: f32,
  most: f32,
): void {
  strip(3, p, rowBytes, pixel, columns, left, right, w, out, outRowBytes, outPixel, channels, least, most);
}
