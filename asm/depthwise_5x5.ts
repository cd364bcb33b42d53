/**
 * Depthwise 5x5 convolution for processors with 32 vector registers: two rows of output at once. Column after column of the pixels above one another is loaded once, and feeds all
 * outputs that look at it; weights are loaded at each column, with bounds that V8 has checked ahead of the loop.
 */
import { clampBits, lowerBits, upperBits } from "./clamp_bits";
import { madd } from "./simd";

/** Checks the bounds of the weights of four channels. */
@inline
function touch(w: usize): void {
  v128.load(w, 16);
  v128.load(w, 32);
  v128.load(w, 48);
  v128.load(w, 64);
  v128.load(w, 80);
  v128.load(w, 96);
  v128.load(w, 112);
  v128.load(w, 128);
  v128.load(w, 144);
  v128.load(w, 160);
  v128.load(w, 176);
  v128.load(w, 192);
  v128.load(w, 208);
  v128.load(w, 224);
  v128.load(w, 240);
  v128.load(w, 256);
  v128.load(w, 272);
  v128.load(w, 288);
  v128.load(w, 304);
  v128.load(w, 320);
  v128.load(w, 336);
  v128.load(w, 352);
  v128.load(w, 368);
  v128.load(w, 384);
  v128.load(w, 400);
}

/**
 * Two rows of output pixels of stride 1, all channels (a multiple of 4). `p` is the first of `columns` pixels of the first row of input; the first output lacks `left` columns, the
 * last `right`, up to 2 each, and `columns + left` is at least 4. `w` is packed as in depthwise.ts, limits are as clamp_bits.ts wants them.
 */
export function stride1Rows(
  p: usize,
  rowBytes: usize,
  pixel: usize,
  columns: i32,
  left: i32,
  right: i32,
  w: usize,
  out: usize,
  outRowBytes: usize,
  outPixel: usize,
  channels: i32,
  least: f32,
  most: f32,
): void {
  const lo = lowerBits(least), hi = upperBits(most);
  const silent = 4 - left;
  do {
    let column = p, o0 = out, o1 = out + outRowBytes;
    touch(w);
    // Sums of each row that lack their last column, their last two, and so on. They begin with the bias, by two addresses lest V8 make copies of one load.
    const bias1 = w - 16;
    let a0 = v128.load(w), a1 = v128.load(bias1, 16);
    let b0 = a0, b1 = a1, c0 = a0, c1 = a1, d0 = a0, d1 = a1;
    for (let i = 0; i < columns; ++i) {
      let e0 = v128.load(w), e1 = v128.load(bias1, 16);
      let q = column;
      column += pixel;
      const x0 = v128.load(q);
      q += rowBytes;
      const x1 = v128.load(q);
      q += rowBytes;
      const x2 = v128.load(q);
      q += rowBytes;
      const x3 = v128.load(q);
      q += rowBytes;
      const x4 = v128.load(q);
      q += rowBytes;
      const x5 = v128.load(q);
      let v0 = v128.load(w, 16), v1 = v128.load(w, 32), v2 = v128.load(w, 48), v3 = v128.load(w, 64), v4 = v128.load(w, 80);
      a0 = madd(x0, v4, a0);
      a1 = madd(x1, v4, a1);
      b0 = madd(x0, v3, b0);
      b1 = madd(x1, v3, b1);
      c0 = madd(x0, v2, c0);
      c1 = madd(x1, v2, c1);
      d0 = madd(x0, v1, d0);
      d1 = madd(x1, v1, d1);
      e0 = madd(x0, v0, e0);
      e1 = madd(x1, v0, e1);
      v0 = v128.load(w, 96);
      v1 = v128.load(w, 112);
      v2 = v128.load(w, 128);
      v3 = v128.load(w, 144);
      v4 = v128.load(w, 160);
      a0 = madd(x1, v4, a0);
      a1 = madd(x2, v4, a1);
      b0 = madd(x1, v3, b0);
      b1 = madd(x2, v3, b1);
      c0 = madd(x1, v2, c0);
      c1 = madd(x2, v2, c1);
      d0 = madd(x1, v1, d0);
      d1 = madd(x2, v1, d1);
      e0 = madd(x1, v0, e0);
      e1 = madd(x2, v0, e1);
      v0 = v128.load(w, 176);
      v1 = v128.load(w, 192);
      v2 = v128.load(w, 208);
      v3 = v128.load(w, 224);
      v4 = v128.load(w, 240);
      a0 = madd(x2, v4, a0);
      a1 = madd(x3, v4, a1);
      b0 = madd(x2, v3, b0);
      b1 = madd(x3, v3, b1);
      c0 = madd(x2, v2, c0);
      c1 = madd(x3, v2, c1);
      d0 = madd(x2, v1, d0);
      d1 = madd(x3, v1, d1);
      e0 = madd(x2, v0, e0);
      e1 = madd(x3, v0, e1);
      v0 = v128.load(w, 256);
      v1 = v128.load(w, 272);
      v2 = v128.load(w, 288);
      v3 = v128.load(w, 304);
      v4 = v128.load(w, 320);
      a0 = madd(x3, v4, a0);
      a1 = madd(x4, v4, a1);
      b0 = madd(x3, v3, b0);
      b1 = madd(x4, v3, b1);
      c0 = madd(x3, v2, c0);
      c1 = madd(x4, v2, c1);
      d0 = madd(x3, v1, d0);
      d1 = madd(x4, v1, d1);
      e0 = madd(x3, v0, e0);
      e1 = madd(x4, v0, e1);
      v0 = v128.load(w, 336);
      v1 = v128.load(w, 352);
      v2 = v128.load(w, 368);
      v3 = v128.load(w, 384);
      v4 = v128.load(w, 400);
      a0 = madd(x4, v4, a0);
      a1 = madd(x5, v4, a1);
      b0 = madd(x4, v3, b0);
      b1 = madd(x5, v3, b1);
      c0 = madd(x4, v2, c0);
      c1 = madd(x5, v2, c1);
      d0 = madd(x4, v1, d0);
      d1 = madd(x5, v1, d1);
      e0 = madd(x4, v0, e0);
      e1 = madd(x5, v0, e1);
      if (i >= silent) {
        v128.store(o0, clampBits(a0, lo, hi));
        v128.store(o1, clampBits(a1, lo, hi));
        o0 += outPixel;
        o1 += outPixel;
      }
      a0 = b0;
      a1 = b1;
      b0 = c0;
      b1 = c1;
      c0 = d0;
      c1 = d1;
      d0 = e0;
      d1 = e1;
    }
    if (right > 0) {
      v128.store(o0, clampBits(a0, lo, hi));
      v128.store(o1, clampBits(a1, lo, hi));
    }
    if (right > 1) {
      v128.store(o0 + outPixel, clampBits(b0, lo, hi));
      v128.store(o1 + outPixel, clampBits(b1, lo, hi));
    }
    p += 16;
    out += 16;
    w += 416;
    channels -= 4;
  } while (channels > 0);
}

/** Two rows of output pixels of stride 2, as above; `columns` may be any. The odd columns of an output, its second and fourth, feed two outputs of a row, the even ones three. */
export function stride2Rows(
  p: usize,
  rowBytes: usize,
  pixel: usize,
  columns: i32,
  left: i32,
  right: i32,
  w: usize,
  out: usize,
  outRowBytes: usize,
  outPixel: usize,
  channels: i32,
  least: f32,
  most: f32,
): void {
  const lo = lowerBits(least), hi = upperBits(most);
  const silent = 4 - left, start = left & 1 ? 0 : -1;
  do {
    let column = p, o0 = out, o1 = out + outRowBytes;
    touch(w);
    const bias1 = w - 16;
    let a0 = v128.load(w), a1 = v128.load(bias1, 16);
    let b0 = a0, b1 = a1;
    // An odd column, then an even one.
    for (let i = start; i < columns; i += 2) {
      if (i >= 0) {
        let q = column;
        column += pixel;
        const x0 = v128.load(q);
        q += rowBytes;
        const x1 = v128.load(q);
        q += rowBytes;
        const x2 = v128.load(q);
        q += rowBytes;
        const x3 = v128.load(q);
        q += rowBytes;
        const x4 = v128.load(q);
        q += rowBytes;
        const x5 = v128.load(q);
        q += rowBytes;
        const x6 = v128.load(q);
        let v1 = v128.load(w, 32), v3 = v128.load(w, 64);
        a0 = madd(x0, v3, a0);
        a1 = madd(x2, v3, a1);
        b0 = madd(x0, v1, b0);
        b1 = madd(x2, v1, b1);
        v1 = v128.load(w, 112);
        v3 = v128.load(w, 144);
        a0 = madd(x1, v3, a0);
        a1 = madd(x3, v3, a1);
        b0 = madd(x1, v1, b0);
        b1 = madd(x3, v1, b1);
        v1 = v128.load(w, 192);
        v3 = v128.load(w, 224);
        a0 = madd(x2, v3, a0);
        a1 = madd(x4, v3, a1);
        b0 = madd(x2, v1, b0);
        b1 = madd(x4, v1, b1);
        v1 = v128.load(w, 272);
        v3 = v128.load(w, 304);
        a0 = madd(x3, v3, a0);
        a1 = madd(x5, v3, a1);
        b0 = madd(x3, v1, b0);
        b1 = madd(x5, v1, b1);
        v1 = v128.load(w, 352);
        v3 = v128.load(w, 384);
        a0 = madd(x4, v3, a0);
        a1 = madd(x6, v3, a1);
        b0 = madd(x4, v1, b0);
        b1 = madd(x6, v1, b1);
      }
      if (i + 1 < columns) {
        let c0 = v128.load(w), c1 = v128.load(bias1, 16);
        let q = column;
        column += pixel;
        const x0 = v128.load(q);
        q += rowBytes;
        const x1 = v128.load(q);
        q += rowBytes;
        const x2 = v128.load(q);
        q += rowBytes;
        const x3 = v128.load(q);
        q += rowBytes;
        const x4 = v128.load(q);
        q += rowBytes;
        const x5 = v128.load(q);
        q += rowBytes;
        const x6 = v128.load(q);
        let v0 = v128.load(w, 16), v2 = v128.load(w, 48), v4 = v128.load(w, 80);
        a0 = madd(x0, v4, a0);
        a1 = madd(x2, v4, a1);
        b0 = madd(x0, v2, b0);
        b1 = madd(x2, v2, b1);
        c0 = madd(x0, v0, c0);
        c1 = madd(x2, v0, c1);
        v0 = v128.load(w, 96);
        v2 = v128.load(w, 128);
        v4 = v128.load(w, 160);
        a0 = madd(x1, v4, a0);
        a1 = madd(x3, v4, a1);
        b0 = madd(x1, v2, b0);
        b1 = madd(x3, v2, b1);
        c0 = madd(x1, v0, c0);
        c1 = madd(x3, v0, c1);
        v0 = v128.load(w, 176);
        v2 = v128.load(w, 208);
        v4 = v128.load(w, 240);
        a0 = madd(x2, v4, a0);
        a1 = madd(x4, v4, a1);
        b0 = madd(x2, v2, b0);
        b1 = madd(x4, v2, b1);
        c0 = madd(x2, v0, c0);
        c1 = madd(x4, v0, c1);
        v0 = v128.load(w, 256);
        v2 = v128.load(w, 288);
        v4 = v128.load(w, 320);
        a0 = madd(x3, v4, a0);
        a1 = madd(x5, v4, a1);
        b0 = madd(x3, v2, b0);
        b1 = madd(x5, v2, b1);
        c0 = madd(x3, v0, c0);
        c1 = madd(x5, v0, c1);
        v0 = v128.load(w, 336);
        v2 = v128.load(w, 368);
        v4 = v128.load(w, 400);
        a0 = madd(x4, v4, a0);
        a1 = madd(x6, v4, a1);
        b0 = madd(x4, v2, b0);
        b1 = madd(x6, v2, b1);
        c0 = madd(x4, v0, c0);
        c1 = madd(x6, v0, c1);
        if (i + 1 >= silent) {
          v128.store(o0, clampBits(a0, lo, hi));
          v128.store(o1, clampBits(a1, lo, hi));
          o0 += outPixel;
          o1 += outPixel;
        }
        a0 = b0;
        a1 = b1;
        b0 = c0;
        b1 = c1;
      }
    }
    if (right > 0) {
      v128.store(o0, clampBits(a0, lo, hi));
      v128.store(o1, clampBits(a1, lo, hi));
    }
    p += 16;
    out += 16;
    w += 416;
    channels -= 4;
  } while (channels > 0);
}
