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
import { clamp, madd, nmadd, splatWord, storeLanes, word } from "./simd";

/** The constants a and b. */
export const A4: f32 = 0.7071067811865476, B4: f32 = 1.4142135623730951;

/**
 * One pass of B' over `bytes` of channels: six vectors `step` bytes apart, to six `outStep` apart. `fiveHalves`, `half`, `a` and `b` are constants that the caller
 * spreads: V8 keeps arguments in registers, constants of the code itself it makes anew at every use.
 */
export function transformInput4(
  from: usize,
  step: usize,
  to: usize,
  outStep: usize,
  bytes: i32,
  fiveHalves: v128,
  half: v128,
  a: v128,
  b: v128,
): void {
  for (; bytes > 0; bytes -= 16) {
    let p = from;
    const d0 = v128.load(p);
    p += step;
    const d1 = v128.load(p);
    p += step;
    const d2 = v128.load(p);
    p += step;
    const d3 = v128.load(p);
    p += step;
    const d4 = v128.load(p);
    const d5 = v128.load(p + step);
    p = to;
    v128.store(p, f32x4.add(d0, nmadd(d2, fiveHalves, d4)));
    p += outStep;
    let even = f32x4.sub(d4, f32x4.add(d2, d2));
    let odd = nmadd(d1, b, f32x4.mul(d3, a));
    v128.store(p, f32x4.add(even, odd));
    p += outStep;
    v128.store(p, f32x4.sub(even, odd));
    p += outStep;
    even = nmadd(d2, half, d4);
    odd = nmadd(d1, a, f32x4.mul(d3, b));
    v128.store(p, f32x4.add(even, odd));
    p += outStep;
    v128.store(p, f32x4.sub(even, odd));
    p += outStep;
    v128.store(p, f32x4.add(d1, nmadd(d3, fiveHalves, d5)));
    from += 16;
    to += 16;
  }
}

/** One tile of outputs, `channels` from `bias` on: 36 planes at `m` to `rows` by `columns` (up to 4x4) pixels. `half`, `a4` and `b4` are constants, as above. */
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
  half: v128,
  a4: v128,
  b4: v128,
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
      const ad = f32x4.mul(d1, a4), bd = f32x4.mul(d2, b4);
      v128.store(to, f32x4.add(ad, bd), 96);
      v128.store(to, madd(s1, half, f32x4.add(s2, s2)), 192);
      v128.store(to, madd(ad, half, f32x4.add(f32x4.add(bd, bd), m5)), 288);
    }
    const b = v128.load(bias);
    for (let y = 0; y < rows; ++y) {
      const p = scratch + <usize> y * 96;
      const m0 = f32x4.add(v128.load(p), b), m1 = v128.load(p, 16), m2 = v128.load(p, 32), m3 = v128.load(p, 48);
      const m4 = v128.load(p, 64), m5 = v128.load(p, 80);
      const s1 = f32x4.add(m1, m2), d1 = f32x4.sub(m1, m2), s2 = f32x4.add(m3, m4), d2 = f32x4.sub(m3, m4);
      let y0 = f32x4.add(m0, f32x4.add(s1, s2));
      const ad = f32x4.mul(d1, a4), bd = f32x4.mul(d2, b4);
      let y1 = f32x4.add(b, f32x4.add(ad, bd));
      let y2 = f32x4.add(b, madd(s1, half, f32x4.add(s2, s2)));
      let y3 = f32x4.add(b, madd(ad, half, f32x4.add(f32x4.add(bd, bd), m5)));
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
