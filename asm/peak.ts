/** The machine's peaks: what a kernel could reach at best. */
import { madd } from "./simd";

/**
 * Runs `rounds` times 12 independent chains of one multiply-add of four lanes, a = a * scale + shift: 48 MACs a round. Returns their sum so that nothing is
 * optimised away; the operands are parameters because V8 would make constants anew at every use.
 */
export function peak(rounds: i32, scale: f32, shift: f32): f32 {
  const x = f32x4.splat(scale), y = f32x4.splat(shift);
  let a = y, b = y, c = y, d = y, e = y, f = y, g = y, h = y, i = y, j = y, k = y, l = y;
  do {
    a = madd(a, x, y);
    b = madd(b, x, y);
    c = madd(c, x, y);
    d = madd(d, x, y);
    e = madd(e, x, y);
    f = madd(f, x, y);
    g = madd(g, x, y);
    h = madd(h, x, y);
    i = madd(i, x, y);
    j = madd(j, x, y);
    k = madd(k, x, y);
    l = madd(l, x, y);
  } while (--rounds);
  a = f32x4.add(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)), f32x4.add(f32x4.add(e, f), f32x4.add(g, h)));
  a = f32x4.add(a, f32x4.add(f32x4.add(i, j), f32x4.add(k, l)));
  return f32x4.extract_lane(a, 0) + f32x4.extract_lane(a, 1) + f32x4.extract_lane(a, 2) +
    f32x4.extract_lane(a, 3);
}

/** To each 32-bit lane of `sum` the four products of 8-bit integers at its place. */
@inline
function dot(x: v128, y: v128, sum: v128): v128 {
  return i32x4.relaxed_dot_i8x16_i7x16_add_s(x, y, sum);
}

/**
 * Runs `rounds` times 12 independent chains of 16 multiply-adds of the 8-bit integers `left` and `right` (0 to 127). Returns the sum of all products: with ones the
 * number of multiply-adds. The plain build has no such instruction and returns 0.
 */
export function peak_dot(rounds: i32, left: i32, right: i32): i32 {
  if (!ASC_FEATURE_RELAXED_SIMD) {
    return 0;
  } else {
    const x = i8x16.splat(<i8> left), y = i8x16.splat(<i8> right);
    let a = i32x4.splat(0), b = a, c = a, d = a, e = a, f = a, g = a, h = a, i = a, j = a, k = a, l = a;
    do {
      a = dot(x, y, a);
      b = dot(x, y, b);
      c = dot(x, y, c);
      d = dot(x, y, d);
      e = dot(x, y, e);
      f = dot(x, y, f);
      g = dot(x, y, g);
      h = dot(x, y, h);
      i = dot(x, y, i);
      j = dot(x, y, j);
      k = dot(x, y, k);
      l = dot(x, y, l);
    } while (--rounds);
    a = i32x4.add(i32x4.add(i32x4.add(a, b), i32x4.add(c, d)), i32x4.add(i32x4.add(e, f), i32x4.add(g, h)));
    a = i32x4.add(a, i32x4.add(i32x4.add(i, j), i32x4.add(k, l)));
    return i32x4.extract_lane(a, 0) + i32x4.extract_lane(a, 1) + i32x4.extract_lane(a, 2) +
      i32x4.extract_lane(a, 3);
  }
}
