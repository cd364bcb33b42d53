/**
 * Copy between any strides over five axes: transposition, stepped slices, interior of padding. Where the last axis is dense on both sides it goes four
 * floats at a time; loads then read up to 12 bytes past a run, stores are exact.
 *
 * Parameter block: 0 input, 1 output, 2-6 extents, 7-11 input strides (bytes), 12-16 output strides. A tile is one index of the first axis.
 */
import { storeLanes, word } from "./simd";

/** Kernel `strided_copy`. */
export function strided_copy(params: usize, index: i32): void {
  const n1 = word(params, 3), n2 = word(params, 4), n3 = word(params, 5), n4 = word(params, 6);
  const step = <usize> word(params, 11), outStep = <usize> word(params, 16);
  const dense = step == 4 && outStep == 4;
  for (let i1 = 0; i1 < n1; ++i1) {
    for (let i2 = 0; i2 < n2; ++i2) {
      for (let i3 = 0; i3 < n3; ++i3) {
        let p =
          <usize> (word(params, 0) + index * word(params, 7) + i1 * word(params, 8) + i2 * word(params, 9) +
            i3 * word(params, 10));
        let o = <usize> (word(params, 1) + index * word(params, 12) + i1 * word(params, 13) +
          i2 * word(params, 14) + i3 * word(params, 15));
        if (dense) {
          let c = n4;
          for (; c >= 4; c -= 4) {
            v128.store(o, v128.load(p));
            p += 16;
            o += 16;
          }
          if (c > 0) storeLanes(o, v128.load(p), c);
        } else {
          for (let c = n4; c > 0; --c) {
            store<f32>(o, load<f32>(p));
            p += step;
            o += outStep;
          }
        }
      }
    }
  }
}
