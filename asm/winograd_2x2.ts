/**
 * Transforms of F(2x2, 3x3) over the points 0, 1, -1 and infinity. A tile of 2x2 outputs needs 16 multiplications a channel pair instead of 36; its transformed
 * weights take less than half the memory of those of F(4x4), which is what counts on small maps of many channels.
 *
 *          | 1  0 -1  0 |        | 1  0 |
 *     B' = | 0  1  1  0 |   A =  | 1  1 |
 *          | 0 -1  1  0 |        | 1 -1 |
 *          | 0 -1  0  1 |        | 0  1 |
 */
import { clamp, splatWord, storeLanes, word } from "./simd";
import { leaky } from "./unary";

/** Stores B' d to four planes. */
@inline
function storeIn(to: usize, plane: usize, d0: v128, d1: v128, d2: v128, d3: v128): void {
  v128.store(to, f32x4.sub(d0, d2));
  to += plane;
  v128.store(to, f32x4.add(d1, d2));
  to += plane;
  v128.store(to, f32x4.sub(d2, d1));
  to += plane;
  v128.store(to, f32x4.sub(d3, d1));
}

/** Transforms one tile, all channels: 4x4 pixels at `from` to the 16 planes at `to`. */
export function inputTile2(from: usize, pixel: usize, rowBytes: usize, channels: i32, to: usize, plane: usize): void {
  const row = plane << 2;
  for (; channels > 0; channels -= 4) {
    const r0 = from, r1 = r0 + rowBytes, r2 = r1 + rowBytes, r3 = r2 + rowBytes;
    let d0 = v128.load(r0), d1 = v128.load(r1), d2 = v128.load(r2), d3 = v128.load(r3);
    const t00 = f32x4.sub(d0, d2), t10 = f32x4.add(d1, d2), t20 = f32x4.sub(d2, d1), t30 = f32x4.sub(d3, d1);
    let x = pixel;
    d0 = v128.load(r0 + x);
    d1 = v128.load(r1 + x);
    d2 = v128.load(r2 + x);
    d3 = v128.load(r3 + x);
    const t01 = f32x4.sub(d0, d2), t11 = f32x4.add(d1, d2), t21 = f32x4.sub(d2, d1), t31 = f32x4.sub(d3, d1);
    x += pixel;
    d0 = v128.load(r0 + x);
    d1 = v128.load(r1 + x);
    d2 = v128.load(r2 + x);
    d3 = v128.load(r3 + x);
    const t02 = f32x4.sub(d0, d2), t12 = f32x4.add(d1, d2), t22 = f32x4.sub(d2, d1), t32 = f32x4.sub(d3, d1);
    x += pixel;
    d0 = v128.load(r0 + x);
    d1 = v128.load(r1 + x);
    d2 = v128.load(r2 + x);
    d3 = v128.load(r3 + x);
    const t03 = f32x4.sub(d0, d2), t13 = f32x4.add(d1, d2), t23 = f32x4.sub(d2, d1), t33 = f32x4.sub(d3, d1);
    let o = to;
    storeIn(o, plane, t00, t01, t02, t03);
    o += row;
    storeIn(o, plane, t10, t11, t12, t13);
    o += row;
    storeIn(o, plane, t20, t21, t22, t23);
    o += row;
    storeIn(o, plane, t30, t31, t32, t33);
    from += 16;
    to += 16;
  }
}

/** One row of outputs, A' m + bias, two pixels or the first of `columns`; `r` is 0 or where its residual lies. */
@inline
function outputRow(
  m0: v128,
  m1: v128,
  m2: v128,
  m3: v128,
  bias: v128,
  out: usize,
  outPixel: usize,
  r: usize,
  rPixel: usize,
  columns: i32,
  channels: i32,
  slope: usize,
  lo: v128,
  hi: v128,
): void {
  let y0 = f32x4.add(f32x4.add(m0, bias), f32x4.add(m1, m2));
  let y1 = f32x4.add(f32x4.add(m3, bias), f32x4.sub(m1, m2));
  if (r) {
    y0 = f32x4.add(y0, v128.load(r));
    if (columns > 1) y1 = f32x4.add(y1, v128.load(r + rPixel));
  }
  if (slope) {
    const alpha = v128.load32_splat(slope);
    y0 = leaky(y0, alpha);
    y1 = leaky(y1, alpha);
  }
  storeLanes(out, clamp(y0, lo, hi), channels);
  if (columns > 1) storeLanes(out + outPixel, clamp(y1, lo, hi), channels);
}

/** One tile of outputs, `channels` from `bias` on: 16 planes at `m` to `rows` by `columns` (up to 2x2) pixels; `slope` (0: none) is the address of the slope of a leaky ReLU. */
export function outputTile2(
  params: usize,
  m: usize,
  plane: usize,
  out: usize,
  r: usize,
  rows: i32,
  columns: i32,
  bias: usize,
  channels: i32,
  slope: usize,
): void {
  const outPixel = <usize> word(params, 7), rPixel = <usize> word(params, 9);
  const outRow = <usize> word(params, 16) * outPixel, rRow = r ? <usize> word(params, 16) * rPixel : 0;
  const lo = splatWord(params, 10), hi = splatWord(params, 11);
  const row = plane << 2;
  for (; channels > 0; channels -= 4) {
    const p0 = m, p1 = p0 + row, p2 = p1 + row, p3 = p2 + row;
    let m0 = v128.load(p0), m1 = v128.load(p1), m2 = v128.load(p2), m3 = v128.load(p3);
    const t00 = f32x4.add(f32x4.add(m0, m1), m2), t10 = f32x4.add(f32x4.sub(m1, m2), m3);
    let x = plane;
    m0 = v128.load(p0 + x);
    m1 = v128.load(p1 + x);
    m2 = v128.load(p2 + x);
    m3 = v128.load(p3 + x);
    const t01 = f32x4.add(f32x4.add(m0, m1), m2), t11 = f32x4.add(f32x4.sub(m1, m2), m3);
    x += plane;
    m0 = v128.load(p0 + x);
    m1 = v128.load(p1 + x);
    m2 = v128.load(p2 + x);
    m3 = v128.load(p3 + x);
    const t02 = f32x4.add(f32x4.add(m0, m1), m2), t12 = f32x4.add(f32x4.sub(m1, m2), m3);
    x += plane;
    m0 = v128.load(p0 + x);
    m1 = v128.load(p1 + x);
    m2 = v128.load(p2 + x);
    m3 = v128.load(p3 + x);
    const t03 = f32x4.add(f32x4.add(m0, m1), m2), t13 = f32x4.add(f32x4.sub(m1, m2), m3);
    const bias4 = v128.load(bias);
    outputRow(t00, t01, t02, t03, bias4, out, outPixel, r, rPixel, columns, channels, slope, lo, hi);
    if (rows > 1) outputRow(t10, t11, t12, t13, bias4, out + outRow, outPixel, r + rRow, rPixel, columns, channels, slope, lo, hi);
    m += 16;
    bias += 16;
    out += 16;
    if (r) r += 16;
  }
}
