/**
 * Scales vectors of the last axis to length 1. Rows of C floats; loads read up to 12 bytes past a row, stores are exact.
 *
 * Parameter block: 0 input, 1 input stride (bytes), 2 rows, 3 C, 4 output, 5 output stride, 6 rows a tile, 7 added to the sum of squares (f32).
 */
import { madd, storeLanes, word } from "./simd";

/** Kernel `l2_normalize`: tile `index`, a range of rows. */
export function l2_normalize(params: usize, index: i32): void {
  const channels = word(params, 3);
  const first = index * word(params, 6);
  const end = min(first + word(params, 6), word(params, 2));
  const rank = i32x4(0, 1, 2, 3);
  for (let row = first; row < end; ++row) {
    const input = <usize> word(params, 0) + <usize> row * <usize> word(params, 1);
    const output = <usize> word(params, 4) + <usize> row * <usize> word(params, 5);
    let sum4 = f32x4.splat(0);
    for (let c = 0; c < channels; c += 4) {
      const x = v128.and(v128.load(input + (<usize> c << 2)), i32x4.lt_s(rank, i32x4.splat(channels - c)));
      sum4 = madd(x, x, sum4);
    }
    const sum = f32x4.extract_lane(sum4, 0) + f32x4.extract_lane(sum4, 1) + f32x4.extract_lane(sum4, 2) +
      f32x4.extract_lane(sum4, 3);
    const scale = f32x4.splat(<f32> 1 / sqrt<f32>(sum + load<f32>(params, 28)));
    for (let c = 0; c < channels; c += 4) {
      const at = <usize> c << 2;
      storeLanes(output + at, f32x4.mul(v128.load(input + at), scale), channels - c);
    }
  }
}
