/**
 * Resizes photos, rows of bytes, to rows of floats: `x * scale + offset`, 3 floats a pixel. `bilinear` and `opencv` weigh two pixels of two rows; `pillow`
 * weighs many, along x into a ring of rows, then rows of the ring. `src/vision/taps.ts` says where weights come from.
 *
 * The ring holds, column by column, four bytes (the last 0) of each of its rows, then all of them again: any rows that follow one another lie so in memory.
 *
 * Parameter block: 0 the first pixel of each column (i32), 1 weights of columns, 2 columns, 3 bytes of a photo's pixel; of `pillow` 4 pairs of weights of a
 * column, 5 those of a row, 6 bytes of a column of the ring; 8 scale (4 f32), 12 offset (4 f32), 16 order: 16 bytes that make of two pixels the pairs
 * r0 r1 g0 g1 b0 b1 0 0 of 16 bits, a zero where they are 255.
 *
 * Reads up to 5 bytes past a row, and past that as many pixels as weights that are 0 ask for. A row of the output ends 4 bytes further.
 */
import { swizzle, word } from "./simd";

/** The pixel at `p` and the one behind it, channel by channel. */
@inline
function pair(p: usize, order: v128): v128 {
  return swizzle(v128.load64_zero(p), order);
}

/** Both pixels, weighed: that of the second as f32. */
@inline
function interpolate(both: v128, weight: v128): v128 {
  const a = f32x4.convert_i32x4_s(v128.and(both, i32x4.splat(0xffff)));
  const b = f32x4.convert_i32x4_s(i32x4.shr_u(both, 16));
  return f32x4.add(a, f32x4.mul(f32x4.sub(b, a), weight));
}

/** Kernel `bilinear`. Weights: of the right pixel, of the lower row (f32). */
export function bilinear(params: usize, upper: usize, lower: usize, weights: usize, output: usize): void {
  const size = word(params, 3), order = v128.load(params, 64);
  const scale = v128.load(params, 32), offset = v128.load(params, 48);
  const down = v128.load32_splat(weights);
  let starts = <usize> word(params, 0);
  weights = <usize> word(params, 1);
  for (let x = word(params, 2); x > 0; --x) {
    const start = <usize> (load<i32>(starts) * size), across = v128.load32_splat(weights);
    const a = interpolate(pair(upper + start, order), across);
    const b = interpolate(pair(lower + start, order), across);
    const v = f32x4.add(a, f32x4.mul(f32x4.sub(b, a), down));
    v128.store(output, f32x4.add(f32x4.mul(v, scale), offset));
    starts += 4;
    weights += 4;
    output += 12;
  }
}

/** Kernel `opencv`. Weights: of both pixels, of both rows, of 11 bits (i16). Of sums along x 7 bits of the fraction are kept, of products along y 2. */
export function opencv(params: usize, upper: usize, lower: usize, weights: usize, output: usize): void {
  const size = word(params, 3), order = v128.load(params, 64);
  const scale = v128.load(params, 32), offset = v128.load(params, 48);
  const above = i32x4.splat(load<i16>(weights)), below = i32x4.splat(load<i16>(weights, 2));
  let starts = <usize> word(params, 0);
  weights = <usize> word(params, 1);
  for (let x = word(params, 2); x > 0; --x) {
    const start = <usize> (load<i32>(starts) * size), across = v128.load32_splat(weights);
    const a = i32x4.shr_u(i32x4.dot_i16x8_s(pair(upper + start, order), across), 4);
    const b = i32x4.shr_u(i32x4.dot_i16x8_s(pair(lower + start, order), across), 4);
    const sum = i32x4.add(i32x4.shr_u(i32x4.mul(a, above), 16), i32x4.shr_u(i32x4.mul(b, below), 16));
    const v = f32x4.convert_i32x4_s(i32x4.shr_u(i32x4.add(sum, i32x4.splat(2)), 2));
    v128.store(output, f32x4.add(f32x4.mul(v, scale), offset));
    starts += 4;
    weights += 4;
    output += 12;
  }
}

/**
 * Sum of `pairs` pairs of pixels from `p` on, rounded to a byte in each lane. Weights are of 22 bits; for products of 16 bits their upper 11 bits come first,
 * of both pixels, then the lower ones (i16). Those of half a million pixels may come to more than 1.
 */
@inline
function weigh(p: usize, step: usize, order: v128, weights: usize, pairs: i32): v128 {
  let upper = i32x4.splat(0), lower = i32x4.splat(1 << 21);
  for (; pairs > 0; --pairs) {
    const both = pair(p, order);
    upper = i32x4.add(upper, i32x4.dot_i16x8_s(both, v128.load32_splat(weights)));
    lower = i32x4.add(lower, i32x4.dot_i16x8_s(both, v128.load32_splat(weights, 4)));
    p += step;
    weights += 8;
  }
  return i32x4.min_s(i32x4.shr_u(i32x4.add(i32x4.shl(upper, 11), lower), 22), i32x4.splat(255));
}

/** Kernel `pillow_across`: a row of the photo to one of the ring. */
export function pillow_across(params: usize, row: usize, ring: usize): void {
  const size = word(params, 3), order = v128.load(params, 64);
  const pairs = word(params, 4), pitch = <usize> word(params, 6), again = pitch >> 1;
  let starts = <usize> word(params, 0), weights = <usize> word(params, 1);
  for (let x = word(params, 2); x > 0; --x) {
    const sum = weigh(row + <usize> (load<i32>(starts) * size), <usize> size << 1, order, weights, pairs);
    const words = i16x8.narrow_i32x4_s(sum, sum);
    const v = i8x16.narrow_i16x8_u(words, words);
    v128.store_lane<i32>(ring, v, 0);
    v128.store_lane<i32>(ring + again, v, 0);
    starts += 4;
    weights += <usize> pairs << 3;
    ring += pitch;
  }
}

/** Kernel `pillow_down`: rows of the ring to one of the output. */
export function pillow_down(params: usize, ring: usize, weights: usize, output: usize): void {
  const scale = v128.load(params, 32), offset = v128.load(params, 48);
  const pairs = word(params, 5), pitch = <usize> word(params, 6);
  const order = i8x16(0, -1, 4, -1, 1, -1, 5, -1, 2, -1, 6, -1, 3, -1, 7, -1);
  for (let x = word(params, 2); x > 0; --x) {
    const v = f32x4.convert_i32x4_s(weigh(ring, 8, order, weights, pairs));
    v128.store(output, f32x4.add(f32x4.mul(v, scale), offset));
    ring += pitch;
    output += 12;
  }
}
