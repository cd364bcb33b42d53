/**
 * 3x3 convolution of stride 1 by Winograd's F(4x4, 3x3) (Lavin and Gray 2016, arXiv 1509.09308) over the points 0, +-sqrt(1/2), +-sqrt(2) and infinity, which
 * keep the rounding error at a third of that of the integer points. A tile of 4x4 outputs needs 36 multiplications a channel pair instead of 144.
 *
 * A block of T output tiles goes through three steps, all in workspace that stays in cache:
 *
 *     input   V[36][T][C] = B' d B     6x6 pixels of each tile, 4 channels at a time
 *     product M[36][T][O] = V x U      36 matrix products, weights U packed as in gemm.ts with zero bias
 *     output  y = A' m A + bias        4x4 pixels of each tile, residual, clamp
 *
 *          | 1    0  -5/2   0   1  0 |        | 1  0    0      0     0   0 |
 *          | 0  -2a   -2    a   1  0 |        | 1  a   1/2    a/2              a = sqrt(1/2)
 *     B' = | 0   2a   -2   -a   1  0 |   A =  | 1 -a   1/2   -a/2              b = sqrt(2)
 *          | 0 -b/2  -1/2   b   1  0 |        | 1  b    2     2b
 *          | 0  b/2  -1/2  -b   1  0 |        | 1 -b    2    -2b
 *          | 0   1     0  -5/2  0  1 |        | 0  0    0      1
 *
 * Loads read up to 12 bytes past the last channel of a pixel; stores to the output are exact.
 *
 * Parameter block: 0 input, 1 pixel stride (bytes), 2 H, 3 W, 4 C, 5 U, 6 output, 7 output pixel stride, 8 residual (0: none), 9 its pixel stride,
 * 10 lo (f32), 11 hi (f32), 12 tiles a block, 13 pad top, 14 pad left, 15 out H, 16 out W, 17 tiles across, 18 tiles down, 19 tiles in all, 20 O,
 * 21 bias, 22 V, 23 bytes of a plane of V, 24 M, 25 bytes of a plane of M, 26 bytes of a plane of U, 27 scratch: 36 pixels of C rounded up to 4 floats,
 * then 36 vectors.
 */
import { multiply } from "./gemm";
import { clamp, madd, splatWord, storeLanes, word } from "./simd";

const A: f32 = 0.7071067811865476, B: f32 = 1.4142135623730951;

/** One pass of B' over six vectors `step` bytes apart, to six `outStep` apart. */
@inline
function transformIn(from: usize, step: usize, to: usize, outStep: usize): void {
  const d0 = v128.load(from);
  from += step;
  const d1 = v128.load(from);
  from += step;
  const d2 = v128.load(from);
  from += step;
  const d3 = v128.load(from);
  from += step;
  const d4 = v128.load(from);
  const d5 = v128.load(from + step);
  const k = f32x4.splat(-2.5);
  v128.store(to, f32x4.add(d0, madd(d2, k, d4)));
  to += outStep;
  let even = madd(d2, f32x4.splat(-2), d4);
  let odd = f32x4.mul(madd(d1, f32x4.splat(-2), d3), f32x4.splat(A));
  v128.store(to, f32x4.add(even, odd));
  to += outStep;
  v128.store(to, f32x4.sub(even, odd));
  to += outStep;
  even = madd(d2, f32x4.splat(-0.5), d4);
  odd = f32x4.mul(madd(d1, f32x4.splat(-0.5), d3), f32x4.splat(B));
  v128.store(to, f32x4.add(even, odd));
  to += outStep;
  v128.store(to, f32x4.sub(even, odd));
  to += outStep;
  v128.store(to, f32x4.add(d1, madd(d3, k, d5)));
}

/** Transforms one tile, all channels: 6x6 pixels at `from` to the 36 planes at `to`. */
function inputTile(from: usize, pixel: usize, rowBytes: usize, channels: i32, to: usize, plane: usize, scratch: usize): void {
  for (; channels > 0; channels -= 4) {
    for (let x = 0; x < 6; ++x) {
      transformIn(from + <usize> x * pixel, rowBytes, scratch + (<usize> x << 4), 96);
    }
    for (let y = 0; y < 6; ++y) {
      transformIn(scratch + <usize> y * 96, 16, to + <usize> (y * 6) * plane, plane);
    }
    from += 16;
    to += 16;
  }
}

/** Copies the 6x6 pixels of a tile that crosses a border, with zeros outside. */
function gather(params: usize, image: usize, y: i32, x: i32, to: usize, pixelBytes: usize): void {
  const pixel = <usize> word(params, 1);
  const height = word(params, 2), width = word(params, 3);
  for (let dy = 0; dy < 6; ++dy) {
    for (let dx = 0; dx < 6; ++dx) {
      const end = to + pixelBytes;
      if (<u32> (y + dy) < <u32> height && <u32> (x + dx) < <u32> width) {
        let from = image + <usize> ((y + dy) * width + x + dx) * pixel;
        for (; to < end; to += 16) {
          v128.store(to, v128.load(from));
          from += 16;
        }
      } else {
        for (; to < end; to += 16) v128.store(to, i32x4.splat(0));
      }
    }
  }
}

/** One tile of outputs, all channels: 36 planes at `m` to `rows` by `columns` (up to 4x4) pixels. */
function outputTile(
  params: usize,
  m: usize,
  plane: usize,
  out: usize,
  r: usize,
  rows: i32,
  columns: i32,
  scratch: usize,
): void {
  const outPixel = <usize> word(params, 7), rPixel = <usize> word(params, 9);
  const outRow = <usize> word(params, 16) * outPixel, rRow = <usize> word(params, 16) * rPixel;
  const lo = splatWord(params, 10), hi = splatWord(params, 11);
  let bias = <usize> word(params, 21);
  for (let channels = word(params, 20); channels > 0; channels -= 4) {
    for (let x = 0; x < 6; ++x) {
      let p = m + <usize> x * plane;
      const m0 = v128.load(p);
      p += 6 * plane;
      const m1 = v128.load(p);
      p += 6 * plane;
      const m2 = v128.load(p);
      p += 6 * plane;
      const m3 = v128.load(p);
      p += 6 * plane;
      const m4 = v128.load(p);
      const m5 = v128.load(p + 6 * plane);
      const s1 = f32x4.add(m1, m2), d1 = f32x4.sub(m1, m2), s2 = f32x4.add(m3, m4), d2 = f32x4.sub(m3, m4);
      const to = scratch + (<usize> x << 4);
      v128.store(to, f32x4.add(m0, f32x4.add(s1, s2)));
      v128.store(to, madd(d1, f32x4.splat(A), f32x4.mul(d2, f32x4.splat(B))), 96);
      v128.store(to, madd(s1, f32x4.splat(0.5), f32x4.add(s2, s2)), 192);
      v128.store(to, madd(d1, f32x4.splat(A / 2), madd(d2, f32x4.splat(2 * B), m5)), 288);
    }
    const b = v128.load(bias);
    for (let y = 0; y < rows; ++y) {
      const p = scratch + <usize> y * 96;
      const m0 = f32x4.add(v128.load(p), b), m1 = v128.load(p, 16), m2 = v128.load(p, 32), m3 = v128.load(p, 48);
      const m4 = v128.load(p, 64), m5 = v128.load(p, 80);
      const s1 = f32x4.add(m1, m2), d1 = f32x4.sub(m1, m2), s2 = f32x4.add(m3, m4), d2 = f32x4.sub(m3, m4);
      let y0 = f32x4.add(m0, f32x4.add(s1, s2));
      let y1 = f32x4.add(b, madd(d1, f32x4.splat(A), f32x4.mul(d2, f32x4.splat(B))));
      let y2 = f32x4.add(b, madd(s1, f32x4.splat(0.5), f32x4.add(s2, s2)));
      let y3 = f32x4.add(b, madd(d1, f32x4.splat(A / 2), madd(d2, f32x4.splat(2 * B), m5)));
      let o = out + <usize> y * outRow;
      if (r) {
        let q = r + <usize> y * rRow;
        y0 = f32x4.add(y0, v128.load(q));
        q += rPixel;
        if (columns > 1) y1 = f32x4.add(y1, v128.load(q));
        q += rPixel;
        if (columns > 2) y2 = f32x4.add(y2, v128.load(q));
        q += rPixel;
        if (columns > 3) y3 = f32x4.add(y3, v128.load(q));
      }
      storeLanes(o, clamp(y0, lo, hi), channels);
      o += outPixel;
      if (columns > 1) storeLanes(o, clamp(y1, lo, hi), channels);
      o += outPixel;
      if (columns > 2) storeLanes(o, clamp(y2, lo, hi), channels);
      o += outPixel;
      if (columns > 3) storeLanes(o, clamp(y3, lo, hi), channels);
    }
    m += 16;
    bias += 16;
    out += 16;
    if (r) r += 16;
  }
}

/** Kernel `winograd`: block `index` of output tiles; `local` is the offset of this thread's workspace. */
export function winograd(params: usize, index: i32, local: usize): void {
  const pixel = <usize> word(params, 1);
  const height = word(params, 2), width = word(params, 3), channels = word(params, 4);
  const outHeight = word(params, 15), outWidth = word(params, 16);
  const across = word(params, 17), down = word(params, 18);
  const outputs = word(params, 20);
  const first = index * word(params, 12);
  const count = min(word(params, 12), word(params, 19) - first);
  const v = <usize> word(params, 22) + local, vPlane = <usize> word(params, 23);
  const m = <usize> word(params, 24) + local, mPlane = <usize> word(params, 25);
  const scratch = <usize> word(params, 27) + local;
  const pixelBytes = <usize> ((channels + 3) & ~3) << 2;
  const mRow = <usize> ((outputs + 3) & ~3) << 2;
  const vectors = scratch + 36 * pixelBytes;

  for (let t = 0; t < count; ++t) {
    const at = first + t;
    const y = ((at / across) % down) * 4 - word(params, 13), x = (at % across) * 4 - word(params, 14);
    const image = <usize> word(params, 0) + <usize> (at / (across * down)) * <usize> (height * width) * pixel;
    const to = v + <usize> t * pixelBytes;
    if (y >= 0 && x >= 0 && y + 6 <= height && x + 6 <= width) {
      inputTile(image + <usize> (y * width + x) * pixel, pixel, <usize> width * pixel, channels, to, vPlane, vectors);
    } else {
      gather(params, image, y, x, scratch, pixelBytes);
      inputTile(scratch, pixelBytes, 6 * pixelBytes, channels, to, vPlane, vectors);
    }
  }

  let u = <usize> word(params, 5);
  for (let plane = 0; plane < 36; ++plane) {
    const a = v + <usize> plane * vPlane;
    multiply(a, pixelBytes, count, channels, outputs, u, m + <usize> plane * mPlane, mRow, 0, 0, -Infinity, Infinity);
    u += <usize> word(params, 26);
  }

  for (let t = 0; t < count; ++t) {
    const at = first + t;
    const y = ((at / across) % down) * 4, x = (at % across) * 4;
    const at0 = <usize> ((at / (across * down) * outHeight + y) * outWidth + x);
    const r = <usize> word(params, 8);
    outputTile(
      params,
      m + <usize> t * mRow,
      mPlane,
      <usize> word(params, 6) + at0 * <usize> word(params, 7),
      r ? r + at0 * <usize> word(params, 9) : 0,
      min(4, outHeight - y),
      min(4, outWidth - x),
      vectors,
    );
  }
}
