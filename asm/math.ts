/** Elementary functions over four lanes. */
import { madd, vmax, vmin } from "./simd";

/** The constants of `exp`: -ln 2 in two parts, 1.5 * 2^23, and a minimax polynomial for e^r on |r| <= ln 2 / 2, off by 1.05e-7. */
export const LEAST: f32 = -87.3, MOST: f32 = 88.3, LOG2E: f32 = 1.44269504088896341, SHIFT: f32 = 12582912;
export const LN2_HI: f32 = -0.693359375, LN2_LO: f32 = 2.12194440e-4;
export const C2: f32 = 0.4999923, C3: f32 = 0.16667115, C4: f32 = 0.04189033, C5: f32 = 0.0083125;

/**
 * e^x to about 2 ulp for x from `least` to `most`, -87.3 and 88.3 or what lies between, limited to that range outside: x = n ln 2 + r, a polynomial for e^r, times 2^n by
 * exponent arithmetic (Cody and Waite, Software Manual for the Elementary Functions, 1980, chapter 6). Adding `shift` rounds x / ln 2 to n and leaves n in the low bits.
 */
@inline
export function expBy(
  x: v128,
  least: v128,
  most: v128,
  log2e: v128,
  shift: v128,
  ln2Hi: v128,
  ln2Lo: v128,
  c5: v128,
  c4: v128,
  c3: v128,
  c2: v128,
  one: v128,
): v128 {
  x = vmin(vmax(x, least), most);
  const shifted = madd(x, log2e, shift);
  const n = f32x4.sub(shifted, shift);
  let r = madd(n, ln2Hi, x);
  r = madd(n, ln2Lo, r);
  let p = madd(c5, r, c4);
  p = madd(p, r, c3);
  p = madd(p, r, c2);
  p = madd(p, r, one);
  p = madd(p, r, one);
  return f32x4.mul(p, i32x4.add(i32x4.shl(shifted, 23), one));
}

/** e^x. */
@inline
export function exp(x: v128): v128 {
  return expBy(
    x,
    f32x4.splat(LEAST),
    f32x4.splat(MOST),
    f32x4.splat(LOG2E),
    f32x4.splat(SHIFT),
    f32x4.splat(LN2_HI),
    f32x4.splat(LN2_LO),
    f32x4.splat(C5),
    f32x4.splat(C4),
    f32x4.splat(C3),
    f32x4.splat(C2),
    f32x4.splat(1),
  );
}
