/**
 * Resizes photos, rows of bytes, to rows of floats: `x * scale + offset`, 3 floats a pixel; `opencv` and `pillow`, whose results are bytes, to rows of bytes too, 4 a
 * pixel, the last 0. `bilinear` and `opencv` weigh two pixels of two rows; `pillow` weighs many, two rows at a time along x into a ring of rows, then rows of the ring.
 * `src/vision/taps.ts` says where weights come from.
 *
 * The ring holds, column by column, four bytes (the last 0) of each of its rows, then all of them again: any rows that follow one another lie so in memory.
 *
 * Parameter block: 0 the first pixel of each column (i32), 1 weights of columns, 2 columns, 3 bytes of a photo's pixel; of `pillow` 4 pairs of weights of a
 * column, 5 those of a row, 6 bytes of a column of the ring; 8 scale (4 f32), 12 offset (4 f32), 16 order: 16 bytes that make of two pixels the pairs
 * r0 r1 g0 g1 b0 b1 0 0 of 16 bits, a zero where they are 255; 20 bytes of the output's pixel, 12 or 4.
 *
 * Reads up to 5 bytes past a row, and past that as many pixels as weights that are 0 ask for. A row of floats ends 4 bytes further.
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

/** Writes a pixel of `size` bytes: floats, or `v` as it is. */
@inline
function put(output: usize, v: v128, scale: v128, offset: v128, size: usize): void {
  if (size == 4) {
    const words = i16x8.narrow_i32x4_s(v, v);
    v128.store_lane<i32>(output, i8x16.narrow_i16x8_u(words, words), 0);
  } else {
    v128.store(output, f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(v), scale), offset));
  }
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
  const pixel = <usize> word(params, 20);
  const above = i32x4.splat(load<i16>(weights)), below = i32x4.splat(load<i16>(weights, 2));
  let starts = <usize> word(params, 0);
  weights = <usize> word(params, 1);
  for (let x = word(params, 2); x > 0; --x) {
    const start = <usize> (load<i32>(starts) * size), across = v128.load32_splat(weights);
    const a = i32x4.shr_u(i32x4.dot_i16x8_s(pair(upper + start, order), across), 4);
    const b = i32x4.shr_u(i32x4.dot_i16x8_s(pair(lower + start, order), across), 4);
    const sum = i32x4.add(i32x4.shr_u(i32x4.mul(a, above), 16), i32x4.shr_u(i32x4.mul(b, below), 16));
    put(output, i32x4.shr_u(i32x4.add(sum, i32x4.splat(2)), 2), scale, offset, pixel);
    starts += 4;
    weights += 4;
    output += pixel;
  }
}

// Weights of `pillow` are of 22 bits. For products of 16 bits they come as their upper 11 bits, of two pixels, then the lower ones (i16).

/** One half, as sums have it. */
const HALF = 1 << 21;

/** The byte that two sums make in each lane; the lower one began with HALF, so that it is rounded. */
@inline
function byteOf(upper: v128, lower: v128): v128 {
  return i32x4.shr_u(i32x4.add(i32x4.shl(upper, 11), lower), 22);
}

/** Kernel `pillow_across`: two rows of the photo to two of the ring; together they load weights once. */
export function pillow_across(params: usize, upper: usize, lower: usize, ring: usize): void {
  const size = word(params, 3), order = v128.load(params, 64), apart = lower - upper;
  const pairs = word(params, 4), pitch = <usize> word(params, 6), again = pitch >> 1;
  let starts = <usize> word(params, 0), weights = <usize> word(params, 1);
  for (let x = word(params, 2); x > 0; --x) {
    let p = upper + <usize> (load<i32>(starts) * size);
    let upper0 = i32x4.splat(0), lower0 = i32x4.splat(HALF), upper1 = upper0, lower1 = lower0;
    for (let i = pairs; i > 0; --i) {
      const row0 = pair(p, order), row1 = pair(p + apart, order);
      const high = v128.load32_splat(weights), low = v128.load32_splat(weights, 4);
      upper0 = i32x4.add(upper0, i32x4.dot_i16x8_s(row0, high));
      lower0 = i32x4.add(lower0, i32x4.dot_i16x8_s(row0, low));
      upper1 = i32x4.add(upper1, i32x4.dot_i16x8_s(row1, high));
      lower1 = i32x4.add(lower1, i32x4.dot_i16x8_s(row1, low));
      p += <usize> size << 1;
      weights += 8;
    }
    const words = i16x8.narrow_i32x4_s(byteOf(upper0, lower0), byteOf(upper1, lower1));
    const v = i8x16.narrow_i16x8_u(words, words);
    v128.store_lane<i64>(ring, v, 0);
    v128.store_lane<i64>(ring + again, v, 0);
    starts += 4;
    ring += pitch;
  }
}

/** Kernel `pillow_down`: rows of the ring to one of the output. */
export function pillow_down(params: usize, ring: usize, weights: usize, output: usize): void {
  const scale = v128.load(params, 32), offset = v128.load(params, 48);
  const pairs = word(params, 5), pitch = <usize> word(params, 6), pixel = <usize> word(params, 20);
  const order = i8x16(0, -1, 4, -1, 1, -1, 5, -1, 2, -1, 6, -1, 3, -1, 7, -1);
  for (let x = word(params, 2); x > 0; --x) {
    let upper = i32x4.splat(0), lower = i32x4.splat(HALF), p = ring, w = weights;
    for (let i = pairs; i > 0; --i) {
      const rows = pair(p, order);
      upper = i32x4.add(upper, i32x4.dot_i16x8_s(rows, v128.load32_splat(w)));
      lower = i32x4.add(lower, i32x4.dot_i16x8_s(rows, v128.load32_splat(w, 4)));
      p += 8;
      w += 8;
    }
    // Weights of half a million pixels may come to more than 1.
    put(output, i32x4.min_s(byteOf(upper, lower), i32x4.splat(255)), scale, offset, pixel);
    ring += pitch;
    output += pixel;
  }
}
