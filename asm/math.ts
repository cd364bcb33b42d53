/** Elementary functions over four lanes. */
import { madd, vmax, vmin } from "./simd";

/**
 * e^x to about 2 ulp for x in [-87.3, 88.3], limited to that range outside: x = n ln 2 + r, a polynomial for e^r on |r| <= ln 2 / 2 (minimax, off by 1.05e-7), times
 * 2^n by exponent arithmetic (Cody and Waite, Software Manual for the Elementary Functions, 1980, chapter 6). Adding 1.5 * 2^23 rounds x / ln 2 to n and leaves n in
 * the low bits.
 */
@inline
export function exp(x: v128): v128 {
  x = vmin(vmax(x, f32x4.splat(-87.3)), f32x4.splat(88.3));
  const one = f32x4.splat(1), shift = f32x4.splat(12582912);
  const shifted = madd(x, f32x4.splat(1.44269504088896341), shift);
  const n = f32x4.sub(shifted, shift);
  let r = madd(n, f32x4.splat(-0.693359375), x);
  r = madd(n, f32x4.splat(2.12194440e-4), r);
  let p = madd(f32x4.splat(0.0083125), r, f32x4.splat(0.04189033));
  p = madd(p, r, f32x4.splat(0.16667115));
  p = madd(p, r, f32x4.splat(0.4999923));
  p = madd(p, r, one);
  p = madd(p, r, one);
  return f32x4.mul(p, i32x4.add(i32x4.shl(shifted, 23), one));
}

/** 1 / (1 + e^-x), as e^x / (1 + e^x). */
@inline
export function sigmoid(x: v128): v128 {
  const t = exp(x);
  return f32x4.div(t, f32x4.add(t, f32x4.splat(1)));
}
