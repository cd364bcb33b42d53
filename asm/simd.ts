/**
 * The vector vocabulary of every kernel: one source, several builds. The relaxed build takes fused multiply-add and
 * single-instruction min/max where the processor has them; the plain build uses the fixed-width instructions.
 */

/** Whether this is the build for aarch64; `scripts/build_kernels.ts` tells the compiler. */
// @ts-ignore: a constant of the compiler's command line
export const AARCH64: bool = AARCH64_BUILD != 0;

/** a * b + c, four lanes. */
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  else return f32x4.add(f32x4.mul(a, b), c);
}

/** The smaller of each lane pair; which one for NaN or for zeros of both signs is left open. */
@inline
export function vmin(a: v128, b: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_min(a, b);
  else return f32x4.pmin(a, b);
}

/** The larger of each lane pair; which one for NaN or for zeros of both signs is left open. */
@inline
export function vmax(a: v128, b: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_max(a, b);
  else return f32x4.pmax(a, b);
}

/** Limits each lane to [lo, hi]. */
@inline
export function clamp(x: v128, lo: v128, hi: v128): v128 {
  return vmin(vmax(x, lo), hi);
}

/** Lane `index` (compile-time) of `x` in all lanes; a shuffle is one instruction where an extracted and spread value takes two. */
@inline
export function lane(x: v128, index: i32): v128 {
  if (index == 0) return v128.shuffle<f32>(x, x, 0, 0, 0, 0);
  if (index == 1) return v128.shuffle<f32>(x, x, 1, 1, 1, 1);
  if (index == 2) return v128.shuffle<f32>(x, x, 2, 2, 2, 2);
  return v128.shuffle<f32>(x, x, 3, 3, 3, 3);
}

/** Bytes of `x` in the order of `indices`: 0 to 15, or 255 for a zero. */
@inline
export function swizzle(x: v128, indices: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return i8x16.relaxed_swizzle(x, indices);
  else return i8x16.swizzle(x, indices);
}

/** Stores the first `lanes` (1..4) lanes of `x`. */
@inline
export function storeLanes(to: usize, x: v128, lanes: i32): void {
  if (lanes >= 4) {
    v128.store(to, x);
  } else {
    v128.store_lane<f32>(to, x, 0);
    if (lanes > 1) v128.store_lane<f32>(to, x, 1, 4);
    if (lanes > 2) v128.store_lane<f32>(to, x, 2, 8);
  }
}

/** Word `index` of a parameter block. */
@inline
export function word(params: usize, index: i32): i32 {
  return load<i32>(params + (<usize> index << 2));
}

/** Word `index` of a parameter block, read as f32 into all lanes. */
@inline
export function splatWord(params: usize, index: i32): v128 {
  return v128.load32_splat(params + (<usize> index << 2));
}
