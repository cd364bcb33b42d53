/**
 * Softmax over the last axis: e^(x - max) / sum. Rows of C floats; stores are exact.
 *
 * Parameter block: 0 input, 1 input stride (bytes), 2 rows, 3 C, 4 output, 5 output stride, 6 rows a tile.
 */
import { exp } from "./math";
import { storeLanes, vmax, word } from "./simd";

/** The first `lanes` lanes of `x`, the others `fill`. */
@inline
function keep(x: v128, lanes: i32, fill: v128): v128 {
  const rank = i32x4(0, 1, 2, 3);
  return v128.bitselect(x, fill, i32x4.lt_s(rank, i32x4.splat(lanes)));
}

/** Kernel `softmax`: tile `index`, a range of rows. */
export function softmax(params: usize, index: i32): void {
  const stride = <usize> word(params, 1), outStride = <usize> word(params, 5);
  const channels = word(params, 3);
  const first = index * word(params, 6);
  const end = min(first + word(params, 6), word(params, 2));
  const low = f32x4.splat(-Infinity), zero = f32x4.splat(0);
  for (let row = first; row < end; ++row) {
    const input = <usize> word(params, 0) + <usize> row * stride;
    const output = <usize> word(params, 4) + <usize> row * outStride;
    let peak4 = low;
    for (let c = 0; c < channels; c += 4) {
      peak4 = vmax(peak4, keep(v128.load(input + (<usize> c << 2)), channels - c, low));
    }
    const peak = f32x4.splat(
      max(
        max(f32x4.extract_lane(peak4, 0), f32x4.extract_lane(peak4, 1)),
        max(f32x4.extract_lane(peak4, 2), f32x4.extract_lane(peak4, 3)),
      ),
    );
    let sum4 = zero;
    for (let c = 0; c < channels; c += 4) {
      const at = <usize> c << 2;
      const e = exp(f32x4.sub(v128.load(input + at), peak));
      storeLanes(output + at, e, channels - c);
      sum4 = f32x4.add(sum4, keep(e, channels - c, zero));
    }
    const sum = f32x4.extract_lane(sum4, 0) + f32x4.extract_lane(sum4, 1) + f32x4.extract_lane(sum4, 2) +
      f32x4.extract_lane(sum4, 3);
    const scale = f32x4.splat(<f32> 1 / sum);
    for (let c = 0; c < channels; c += 4) {
      const at = output + (<usize> c << 2);
      storeLanes(at, f32x4.mul(v128.load(at), scale), channels - c);
    }
  }
}
