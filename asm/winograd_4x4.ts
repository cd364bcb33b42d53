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
import { leaky } from "./unary";

/** Coefficients of the passes: variables, since V8 makes a constant anew at each use. */
let A: f32 = 0.7071067811865476, B: f32 = 1.4142135623730951, TWO_B: f32 = 2.8284271247461903, HALF_A: f32 = 0.35355339059327373;
let HALF: f32 = 0.5, MINUS_HALF: f32 = -0.5, MINUS_2: f32 = -2, MINUS_5_2: f32 = -2.5;

/** Stores B' d to six planes. */
@inline
function storeIn(to: usize, plane: usize, d0: v128, d1: v128, d2: v128, d3: v128, d4: v128, d5: v128, k0: v128, k1: v128, k2: v128, a: v128, b: v128): void {
  v128.store(to, f32x4.add(d0, madd(d2, k0, d4)));
  to += plane;
  let even = madd(d2, k1, d4), odd = f32x4.mul(madd(d1, k1, d3), a);
  v128.store(to, f32x4.add(even, odd));
  to += plane;
  v128.store(to, f32x4.sub(even, odd));
  to += plane;
  even = madd(d2, k2, d4);
  odd = f32x4.mul(madd(d1, k2, d3), b);
  v128.store(to, f32x4.add(even, odd));
  to += plane;
  v128.store(to, f32x4.sub(even, odd));
  to += plane;
  v128.store(to, f32x4.add(d1, madd(d3, k0, d5)));
}

/**
 * Transforms one tile, all channels: 6x6 pixels at `from` to the 36 planes at `to`. More vectors than there are registers are alive between the passes: one that V8 puts aside
 * costs an instruction or two, one in memory of wasm also its bounds check.
 */
export function inputTile4(from: usize, pixel: usize, rowBytes: usize, channels: i32, to: usize, plane: usize): void {
  const row = plane * 6;
  const k0 = f32x4.splat(MINUS_5_2), k1 = f32x4.splat(MINUS_2), k2 = f32x4.splat(MINUS_HALF), a = f32x4.splat(A), b = f32x4.splat(B);
  for (; channels > 0; channels -= 4) {
    const r0 = from, r1 = r0 + rowBytes, r2 = r1 + rowBytes, r3 = r2 + rowBytes, r4 = r3 + rowBytes, r5 = r4 + rowBytes;
    let x: usize = 0;
    let d0 = v128.load(r0), d1 = v128.load(r1), d2 = v128.load(r2), d3 = v128.load(r3), d4 = v128.load(r4), d5 = v128.load(r5);
    let even = madd(d2, k1, d4), odd = f32x4.mul(madd(d1, k1, d3), a);
    const t00 = f32x4.add(d0, madd(d2, k0, d4)), t10 = f32x4.add(even, odd), t20 = f32x4.sub(even, odd);
    even = madd(d2, k2, d4);
    odd = f32x4.mul(madd(d1, k2, d3), b);
    const t30 = f32x4.add(even, odd), t40 = f32x4.sub(even, odd), t50 = f32x4.add(d1, madd(d3, k0, d5));
    x += pixel;
    d0 = v128.load(r0 + x);
    d1 = v128.load(r1 + x);
    d2 = v128.load(r2 + x);
    d3 = v128.load(r3 + x);
    d4 = v128.load(r4 + x);
    d5 = v128.load(r5 + x);
    even = madd(d2, k1, d4);
    odd = f32x4.mul(madd(d1, k1, d3), a);
    const t01 = f32x4.add(d0, madd(d2, k0, d4)), t11 = f32x4.add(even, odd), t21 = f32x4.sub(even, odd);
    even = madd(d2, k2, d4);
    odd = f32x4.mul(madd(d1, k2, d3), b);
    const t31 = f32x4.add(even, odd), t41 = f32x4.sub(even, odd), t51 = f32x4.add(d1, madd(d3, k0, d5));
    x += pixel;
    d0 = v128.load(r0 + x);
    d1 = v128.load(r1 + x);
    d2 = v128.load(r2 + x);
    d3 = v128.load(r3 + x);
    d4 = v128.load(r4 + x);
    d5 = v128.load(r5 + x);
    even = madd(d2, k1, d4);
    odd = f32x4.mul(madd(d1, k1, d3), a);
    const t02 = f32x4.add(d0, madd(d2, k0, d4)), t12 = f32x4.add(even, odd), t22 = f32x4.sub(even, odd);
    even = madd(d2, k2, d4);
    odd = f32x4.mul(madd(d1, k2, d3), b);
    const t32 = f32x4.add(even, odd), t42 = f32x4.sub(even, odd), t52 = f32x4.add(d1, madd(d3, k0, d5));
    x += pixel;
    d0 = v128.load(r0 + x);
    d1 = v128.load(r1 + x);
    d2 = v128.load(r2 + x);
    d3 = v128.load(r3 + x);
    d4 = v128.load(r4 + x);
    d5 = v128.load(r5 + x);
    even = madd(d2, k1, d4);
    odd = f32x4.mul(madd(d1, k1, d3), a);
    const t03 = f32x4.add(d0, madd(d2, k0, d4)), t13 = f32x4.add(even, odd), t23 = f32x4.sub(even, odd);
    even = madd(d2, k2, d4);
    odd = f32x4.mul(madd(d1, k2, d3), b);
    const t33 = f32x4.add(even, odd), t43 = f32x4.sub(even, odd), t53 = f32x4.add(d1, madd(d3, k0, d5));
    x += pixel;
    d0 = v128.load(r0 + x);
    d1 = v128.load(r1 + x);
    d2 = v128.load(r2 + x);
    d3 = v128.load(r3 + x);
    d4 = v128.load(r4 + x);
    d5 = v128.load(r5 + x);
    even = madd(d2, k1, d4);
    odd = f32x4.mul(madd(d1, k1, d3), a);
    const t04 = f32x4.add(d0, madd(d2, k0, d4)), t14 = f32x4.add(even, odd), t24 = f32x4.sub(even, odd);
    even = madd(d2, k2, d4);
    odd = f32x4.mul(madd(d1, k2, d3), b);
    const t34 = f32x4.add(even, odd), t44 = f32x4.sub(even, odd), t54 = f32x4.add(d1, madd(d3, k0, d5));
    x += pixel;
    d0 = v128.load(r0 + x);
    d1 = v128.load(r1 + x);
    d2 = v128.load(r2 + x);
    d3 = v128.load(r3 + x);
    d4 = v128.load(r4 + x);
    d5 = v128.load(r5 + x);
    even = madd(d2, k1, d4);
    odd = f32x4.mul(madd(d1, k1, d3), a);
    const t05 = f32x4.add(d0, madd(d2, k0, d4)), t15 = f32x4.add(even, odd), t25 = f32x4.sub(even, odd);
    even = madd(d2, k2, d4);
    odd = f32x4.mul(madd(d1, k2, d3), b);
    const t35 = f32x4.add(even, odd), t45 = f32x4.sub(even, odd), t55 = f32x4.add(d1, madd(d3, k0, d5));
    let o = to;
    storeIn(o, plane, t00, t01, t02, t03, t04, t05, k0, k1, k2, a, b);
    o += row;
    storeIn(o, plane, t10, t11, t12, t13, t14, t15, k0, k1, k2, a, b);
    o += row;
    storeIn(o, plane, t20, t21, t22, t23, t24, t25, k0, k1, k2, a, b);
    o += row;
    storeIn(o, plane, t30, t31, t32, t33, t34, t35, k0, k1, k2, a, b);
    o += row;
    storeIn(o, plane, t40, t41, t42, t43, t44, t45, k0, k1, k2, a, b);
    o += row;
    storeIn(o, plane, t50, t51, t52, t53, t54, t55, k0, k1, k2, a, b);
    from += 16;
    to += 16;
  }
}

/**
 * One row of outputs, A' m + bias, four pixels or the first `columns`; `r` is 0 or where its residual lies. `whole` (compile-time) tells that there are four pixels
 * of four channels.
 */
@inline
function outputRow(
  whole: bool,
  m0: v128,
  m1: v128,
  m2: v128,
  m3: v128,
  m4: v128,
  m5: v128,
  bias: v128,
  out: usize,
  outPixel: usize,
  r: usize,
  rPixel: usize,
  columns: i32,
  channels: i32,
  slope: usize,
  a: v128,
  b: v128,
  half: v128,
  halfA: v128,
  twoB: v128,
  lo: v128,
  hi: v128,
): void {
  const s1 = f32x4.add(m1, m2), d1 = f32x4.sub(m1, m2), s2 = f32x4.add(m3, m4), d2 = f32x4.sub(m3, m4);
  let y0 = f32x4.add(f32x4.add(m0, bias), f32x4.add(s1, s2));
  let y1 = f32x4.add(bias, madd(d1, a, f32x4.mul(d2, b)));
  let y2 = f32x4.add(bias, madd(s1, half, f32x4.add(s2, s2)));
  let y3 = f32x4.add(bias, madd(d1, halfA, madd(d2, twoB, m5)));
  if (r) {
    y0 = f32x4.add(y0, v128.load(r));
    r += rPixel;
    if (whole || columns > 1) y1 = f32x4.add(y1, v128.load(r));
    r += rPixel;
    if (whole || columns > 2) y2 = f32x4.add(y2, v128.load(r));
    r += rPixel;
    if (whole || columns > 3) y3 = f32x4.add(y3, v128.load(r));
  }
  if (slope) {
    const alpha = v128.load32_splat(slope);
    y0 = leaky(y0, alpha);
    y1 = leaky(y1, alpha);
    y2 = leaky(y2, alpha);
    y3 = leaky(y3, alpha);
  }
  const lanes = whole ? 4 : channels;
  storeLanes(out, clamp(y0, lo, hi), lanes);
  out += outPixel;
  if (whole || columns > 1) storeLanes(out, clamp(y1, lo, hi), lanes);
  out += outPixel;
  if (whole || columns > 2) storeLanes(out, clamp(y2, lo, hi), lanes);
  out += outPixel;
  if (whole || columns > 3) storeLanes(out, clamp(y3, lo, hi), lanes);
}

/** `outputRow` of a tile that is not whole. */
function partOfRow(
  m0: v128,
  m1: v128,
  m2: v128,
  m3: v128,
  m4: v128,
  m5: v128,
  bias: v128,
  out: usize,
  outPixel: usize,
  r: usize,
  rPixel: usize,
  columns: i32,
  channels: i32,
  slope: usize,
  a: v128,
  b: v128,
  half: v128,
  halfA: v128,
  twoB: v128,
  lo: v128,
  hi: v128,
): void {
  outputRow(false, m0, m1, m2, m3, m4, m5, bias, out, outPixel, r, rPixel, columns, channels, slope, a, b, half, halfA, twoB, lo, hi);
}

/** One tile of outputs, `channels` from `bias` on: 36 planes at `m` to `rows` by `columns` (up to 4x4) pixels; `slope` (0: none) is the address of the slope of a leaky ReLU. */
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
  slope: usize,
): void {
  const outPixel = <usize> word(params, 7), rPixel = <usize> word(params, 9);
  const outRow = <usize> word(params, 16) * outPixel, rRow = r ? <usize> word(params, 16) * rPixel : 0;
  const lo = splatWord(params, 10), hi = splatWord(params, 11);
  const a = f32x4.splat(A), b = f32x4.splat(B), half = f32x4.splat(HALF), halfA = f32x4.splat(HALF_A), twoB = f32x4.splat(TWO_B);
  const row = plane * 6;
  for (; channels > 0; channels -= 4) {
    const p0 = m, p1 = p0 + row, p2 = p1 + row, p3 = p2 + row, p4 = p3 + row, p5 = p4 + row;
    let m0 = v128.load(p0), m1 = v128.load(p1), m2 = v128.load(p2), m3 = v128.load(p3), m4 = v128.load(p4), m5 = v128.load(p5);
    let s1 = f32x4.add(m1, m2), d1 = f32x4.sub(m1, m2), s2 = f32x4.add(m3, m4), d2 = f32x4.sub(m3, m4);
    const t00 = f32x4.add(m0, f32x4.add(s1, s2)), t10 = madd(d1, a, f32x4.mul(d2, b));
    const t20 = madd(s1, half, f32x4.add(s2, s2)), t30 = madd(d1, halfA, madd(d2, twoB, m5));
    let x = plane;
    m0 = v128.load(p0 + x);
    m1 = v128.load(p1 + x);
    m2 = v128.load(p2 + x);
    m3 = v128.load(p3 + x);
    m4 = v128.load(p4 + x);
    m5 = v128.load(p5 + x);
    s1 = f32x4.add(m1, m2);
    d1 = f32x4.sub(m1, m2);
    s2 = f32x4.add(m3, m4);
    d2 = f32x4.sub(m3, m4);
    const t01 = f32x4.add(m0, f32x4.add(s1, s2)), t11 = madd(d1, a, f32x4.mul(d2, b));
    const t21 = madd(s1, half, f32x4.add(s2, s2)), t31 = madd(d1, halfA, madd(d2, twoB, m5));
    x += plane;
    m0 = v128.load(p0 + x);
    m1 = v128.load(p1 + x);
    m2 = v128.load(p2 + x);
    m3 = v128.load(p3 + x);
    m4 = v128.load(p4 + x);
    m5 = v128.load(p5 + x);
    s1 = f32x4.add(m1, m2);
    d1 = f32x4.sub(m1, m2);
    s2 = f32x4.add(m3, m4);
    d2 = f32x4.sub(m3, m4);
    const t02 = f32x4.add(m0, f32x4.add(s1, s2)), t12 = madd(d1, a, f32x4.mul(d2, b));
    const t22 = madd(s1, half, f32x4.add(s2, s2)), t32 = madd(d1, halfA, madd(d2, twoB, m5));
    x += plane;
    m0 = v128.load(p0 + x);
    m1 = v128.load(p1 + x);
    m2 = v128.load(p2 + x);
    m3 = v128.load(p3 + x);
    m4 = v128.load(p4 + x);
    m5 = v128.load(p5 + x);
    s1 = f32x4.add(m1, m2);
    d1 = f32x4.sub(m1, m2);
    s2 = f32x4.add(m3, m4);
    d2 = f32x4.sub(m3, m4);
    const t03 = f32x4.add(m0, f32x4.add(s1, s2)), t13 = madd(d1, a, f32x4.mul(d2, b));
    const t23 = madd(s1, half, f32x4.add(s2, s2)), t33 = madd(d1, halfA, madd(d2, twoB, m5));
    x += plane;
    m0 = v128.load(p0 + x);
    m1 = v128.load(p1 + x);
    m2 = v128.load(p2 + x);
    m3 = v128.load(p3 + x);
    m4 = v128.load(p4 + x);
    m5 = v128.load(p5 + x);
    s1 = f32x4.add(m1, m2);
    d1 = f32x4.sub(m1, m2);
    s2 = f32x4.add(m3, m4);
    d2 = f32x4.sub(m3, m4);
    const t04 = f32x4.add(m0, f32x4.add(s1, s2)), t14 = madd(d1, a, f32x4.mul(d2, b));
    const t24 = madd(s1, half, f32x4.add(s2, s2)), t34 = madd(d1, halfA, madd(d2, twoB, m5));
    x += plane;
    m0 = v128.load(p0 + x);
    m1 = v128.load(p1 + x);
    m2 = v128.load(p2 + x);
    m3 = v128.load(p3 + x);
    m4 = v128.load(p4 + x);
    m5 = v128.load(p5 + x);
    s1 = f32x4.add(m1, m2);
    d1 = f32x4.sub(m1, m2);
    s2 = f32x4.add(m3, m4);
    d2 = f32x4.sub(m3, m4);
    const t05 = f32x4.add(m0, f32x4.add(s1, s2)), t15 = madd(d1, a, f32x4.mul(d2, b));
    const t25 = madd(s1, half, f32x4.add(s2, s2)), t35 = madd(d1, halfA, madd(d2, twoB, m5));
    const bias4 = v128.load(bias);
    let o = out, q = r;
    if (rows == 4 && columns == 4 && channels >= 4) {
      outputRow(true, t00, t01, t02, t03, t04, t05, bias4, o, outPixel, q, rPixel, 4, 4, slope, a, b, half, halfA, twoB, lo, hi);
      o += outRow;
      q += rRow;
      outputRow(true, t10, t11, t12, t13, t14, t15, bias4, o, outPixel, q, rPixel, 4, 4, slope, a, b, half, halfA, twoB, lo, hi);
      o += outRow;
      q += rRow;
      outputRow(true, t20, t21, t22, t23, t24, t25, bias4, o, outPixel, q, rPixel, 4, 4, slope, a, b, half, halfA, twoB, lo, hi);
      o += outRow;
      q += rRow;
      outputRow(true, t30, t31, t32, t33, t34, t35, bias4, o, outPixel, q, rPixel, 4, 4, slope, a, b, half, halfA, twoB, lo, hi);
    } else {
      partOfRow(t00, t01, t02, t03, t04, t05, bias4, o, outPixel, q, rPixel, columns, channels, slope, a, b, half, halfA, twoB, lo, hi);
      o += outRow;
      q += rRow;
      if (rows > 1) partOfRow(t10, t11, t12, t13, t14, t15, bias4, o, outPixel, q, rPixel, columns, channels, slope, a, b, half, halfA, twoB, lo, hi);
      o += outRow;
      q += rRow;
      if (rows > 2) partOfRow(t20, t21, t22, t23, t24, t25, bias4, o, outPixel, q, rPixel, columns, channels, slope, a, b, half, halfA, twoB, lo, hi);
      o += outRow;
      q += rRow;
      if (rows > 3) partOfRow(t30, t31, t32, t33, t34, t35, bias4, o, outPixel, q, rPixel, columns, channels, slope, a, b, half, halfA, twoB, lo, hi);
    }
    m += 16;
    bias += 16;
    out += 16;
    if (r) r += 16;
  }
}
