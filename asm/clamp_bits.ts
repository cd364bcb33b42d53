/**
 * Clamping of floats as signed integers, which costs half on A57 and A72: integers compare like floats where one side is not negative, so the lower limit has to be 0 or
 * none, and the upper one not below 0.
 */

/** The lower limit in all lanes; none lets all bits pass, those of NaN too. */
@inline
export function lowerBits(least: f32): v128 {
  return i32x4.splat(least == 0 ? 0 : i32.MIN_VALUE);
}

/** The upper limit in all lanes. */
@inline
export function upperBits(most: f32): v128 {
  return i32x4.splat(most == Infinity ? i32.MAX_VALUE : reinterpret<i32>(most));
}

/** Limits each lane. */
@inline
export function clampBits(x: v128, lo: v128, hi: v128): v128 {
  return i32x4.min_s(i32x4.max_s(x, lo), hi);
}
