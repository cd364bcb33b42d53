/**
 * Transforms of F(4x4, 3x3) over the points 0, +-sqrt(1/2), +-sqrt(2) and infinity, which keep the rounding error at a third of that of the integer points. A tile
 * of 4x4 outputs needs 36 multiplications a channel pair instead of 144.
 *
 *          | 1    0  -5/2   0   1  0 |        | 1  0    0      0     0   0 |
 *          | 0  -2a   -2    a   1  0 |        | 1  a   1/2    a/2              a = sqrt(1/2)
 *     B' = | 0   2a   -2   -a   1  0 |   A =  | 1 -a   1/2   -a/2              b = sqrt(2)
 *          | 0 -b/2  -1/2   b   1  0 |        | 1  b    2     2b
 *          | 0  b/2  -1/2  -b   1  0 |        | 1 -b    2    -2b
 *          | 0   1     0  -5/2  0  1 |        | 0  0    0      1
 */
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
export function inputTile4(from: usize, pixel: usize, rowBytes: usize, channels: i32, to: usize, plane: usize, scratch: usize): void {
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

/** One tile of outputs, `channels` from `bias` on: 36 planes at `m` to `rows` by `columns` (up to 4x4) pixels. */
export function outputTile4(
  params: usize,
  m: usize,
  plane: usize,
  out: usize,
  r: usize,
  rows: i32,
  columns: i32,
  bias: usize,
  channels: i32,
  scratch: usize,
): void {
  const outPixel = <usize> word(params, 7), rPixel = <usize> word(params, 9);
  const outRow = <usize> word(params, 16) * outPixel, rRow = <usize> word(params, 16) * rPixel;
  const lo = splatWord(params, 10), hi = splatWord(params, 11);
  for (; channels > 0; channels -= 4) {
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
