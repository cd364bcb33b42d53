/**
 * Stride 2 of `depthwise_2x4px.ts`: nine columns of five rows of input.
 */
import { clamp, madd } from "./simd";

/** Two rows of four output pixels, with parameters as in `depthwise_2x4px_stride1.ts`. */
@inline
export function stride2(
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
  do {
    let a0 = v128.load(w), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
    let row = p;
    const w00 = v128.load(w, 16), w01 = v128.load(w, 32), w02 = v128.load(w, 48);
    if (!top) {
      let q = row;
      if (!first) {
        const x = v128.load(q);
        a0 = madd(x, w00, a0);
      }
      q += pixel;
      {
        const x = v128.load(q);
        a0 = madd(x, w01, a0);
      }
      q += pixel;
      {
        const x = v128.load(q);
        a0 = madd(x, w02, a0);
        a1 = madd(x, w00, a1);
      }
      q += pixel;
      {
        const x = v128.load(q);
        a1 = madd(x, w01, a1);
      }
      q += pixel;
      {
        const x = v128.load(q);
        a1 = madd(x, w02, a1);
        a2 = madd(x, w00, a2);
      }
      q += pixel;
      {
        const x = v128.load(q);
        a2 = madd(x, w01, a2);
      }
      q += pixel;
      {
        const x = v128.load(q);
        a2 = madd(x, w02, a2);
        a3 = madd(x, w00, a3);
      }
      q += pixel;
      {
        const x = v128.load(q);
        a3 = madd(x, w01, a3);
      }
      q += pixel;
      if (!last) {
        const x = v128.load(q);
        a3 = madd(x, w02, a3);
      }
    }
    row += rowBytes;
    const w10 = v128.load(w, 64), w11 = v128.load(w, 80), w12 = v128.load(w, 96);
    {
      let q = row;
      if (!first) {
        const x = v128.load(q);
        a0 = madd(x, w10, a0);
      }
      q += pixel;
      {
        const x = v128.load(q);
        a0 = madd(x, w11, a0);
      }
      q += pixel;
      {
        const x = v128.load(q);
        a0 = madd(x, w12, a0);
        a1 = madd(x, w10, a1);
      }
      q += pixel;
      {
        const x = v128.load(q);
        a1 = madd(x, w11, a1);
      }
      q += pixel;
      {
        const x = v128.load(q);
        a1 = madd(x, w12, a1);
        a2 = madd(x, w10, a2);
      }
      q += pixel;
      {
        const x = v128.load(q);
        a2 = madd(x, w11, a2);
      }
      q += pixel;
      {
        const x = v128.load(q);
        a2 = madd(x, w12, a2);
        a3 = madd(x, w10, a3);
      }
      q += pixel;
      {
        const x = v128.load(q);
        a3 = madd(x, w11, a3);
      }
      q += pixel;
      if (!last) {
        const x = v128.load(q);
        a3 = madd(x, w12, a3);
      }
    }
    row += rowBytes;
    const w20 = v128.load(w, 112), w21 = v128.load(w, 128), w22 = v128.load(w, 144);
    {
      let q = row;
      if (!first) {
        const x = v128.load(q);
        a0 = madd(x, w20, a0);
        b0 = madd(x, w00, b0);
      }
      q += pixel;
      {
        const x = v128.load(q);
        a0 = madd(x, w21, a0);
        b0 = madd(x, w01, b0);
      }
      q += pixel;
      {
        const x = v128.load(q);
        a0 = madd(x, w22, a0);
        a1 = madd(x, w20, a1);
        b0 = madd(x, w02, b0);
        b1 = madd(x, w00, b1);
      }
      q += pixel;
      {
        const x = v128.load(q);
        a1 = madd(x, w21, a1);
        b1 = madd(x, w01, b1);
      }
      q += pixel;
      {
        const x = v128.load(q);
        a1 = madd(x, w22, a1);
        a2 = madd(x, w20, a2);
        b1 = madd(x, w02, b1);
        b2 = madd(x, w00, b2);
      }
      q += pixel;
      {
        const x = v128.load(q);
        a2 = madd(x, w21, a2);
        b2 = madd(x, w01, b2);
      }
      q += pixel;
      {
        const x = v128.load(q);
        a2 = madd(x, w22, a2);
        a3 = madd(x, w20, a3);
        b2 = madd(x, w02, b2);
        b3 = madd(x, w00, b3);
      }
      q += pixel;
      {
        const x = v128.load(q);
        a3 = madd(x, w21, a3);
        b3 = madd(x, w01, b3);
      }
      q += pixel;
      if (!last) {
        const x = v128.load(q);
        a3 = madd(x, w22, a3);
        b3 = madd(x, w02, b3);
      }
    }
    row += rowBytes;
    {
      let q = row;
      if (!first) {
        const x = v128.load(q);
        b0 = madd(x, w10, b0);
      }
      q += pixel;
      {
        const x = v128.load(q);
        b0 = madd(x, w11, b0);
      }
      q += pixel;
      {
        const x = v128.load(q);
        b0 = madd(x, w12, b0);
        b1 = madd(x, w10, b1);
      }
      q += pixel;
      {
        const x = v128.load(q);
        b1 = madd(x, w11, b1);
      }
      q += pixel;
      {
        const x = v128.load(q);
        b1 = madd(x, w12, b1);
        b2 = madd(x, w10, b2);
      }
      q += pixel;
      {
        const x = v128.load(q);
        b2 = madd(x, w11, b2);
      }
      q += pixel;
      {
        const x = v128.load(q);
        b2 = madd(x, w12, b2);
        b3 = madd(x, w10, b3);
      }
      q += pixel;
      {
        const x = v128.load(q);
        b3 = madd(x, w11, b3);
      }
      q += pixel;
      if (!last) {
        const x = v128.load(q);
        b3 = madd(x, w12, b3);
      }
    }
    row += rowBytes;
    if (!bottom) {
      let q = row;
      if (!first) {
        const x = v128.load(q);
        b0 = madd(x, w20, b0);
      }
      q += pixel;
      {
        const x = v128.load(q);
        b0 = madd(x, w21, b0);
      }
      q += pixel;
      {
        const x = v128.load(q);
        b0 = madd(x, w22, b0);
        b1 = madd(x, w20, b1);
      }
      q += pixel;
      {
        const x = v128.load(q);
        b1 = madd(x, w21, b1);
      }
      q += pixel;
      {
        const x = v128.load(q);
        b1 = madd(x, w22, b1);
        b2 = madd(x, w20, b2);
      }
      q += pixel;
      {
        const x = v128.load(q);
        b2 = madd(x, w21, b2);
      }
      q += pixel;
      {
        const x = v128.load(q);
        b2 = madd(x, w22, b2);
        b3 = madd(x, w20, b3);
      }
      q += pixel;
      {
        const x = v128.load(q);
        b3 = madd(x, w21, b3);
      }
      q += pixel;
      if (!last) {
        const x = v128.load(q);
        b3 = madd(x, w22, b3);
      }
    }
    let o = out, u = out + outRowBytes;
    v128.store(o, clamp(a0, lo, hi));
    v128.store(u, clamp(b0, lo, hi));
    o += outPixel;
    u += outPixel;
    v128.store(o, clamp(a1, lo, hi));
    v128.store(u, clamp(b1, lo, hi));
    o += outPixel;
    u += outPixel;
    v128.store(o, clamp(a2, lo, hi));
    v128.store(u, clamp(b2, lo, hi));
    v128.store(o + outPixel, clamp(a3, lo, hi));
    v128.store(u + outPixel, clamp(b3, lo, hi));
    p += 16;
    w += 160;
    out += 16;
    channels -= 4;
  } while (channels > 0);
}
