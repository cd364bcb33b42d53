/**
 * Element-wise functions of one tensor, and copies between pixel strides. Rows of C floats; loads read up to 12 bytes past a row, stores are exact.
 *
 * Parameter block: 0 input, 1 input stride (bytes), 2 rows, 3 C, 4 output, 5 output stride, 6 rows a tile, 7 lo (f32), 8 hi (f32).
 */
import { sigmoid as sigmoid4 } from "./math";
import { clamp, splatWord, storeLanes, word } from "./simd";

const CLIP = 0, SIGMOID = 1;

@inline
function each(kind: i32, params: usize, index: i32): void {
  const stride = <usize> word(params, 1), outStride = <usize> word(params, 5);
  const channels = word(params, 3);
  const first = index * word(params, 6);
  const end = min(first + word(params, 6), word(params, 2));
  const lo = splatWord(params, 7), hi = splatWord(params, 8);
  for (let row = first; row < end; ++row) {
    let p = <usize> word(params, 0) + <usize> row * stride;
    let o = <usize> word(params, 4) + <usize> row * outStride;
    for (let c = channels; c > 0; c -= 4) {
      let x = v128.load(p);
      if (kind == SIGMOID) x = sigmoid4(x);
      storeLanes(o, clamp(x, lo, hi), c);
      p += 16;
      o += 16;
    }
  }
}

/** Kernel `clip`: limits to [lo, hi]; with infinite limits, a copy. */
export function clip(params: usize, index: i32): void {
  each(CLIP, params, index);
}

/** Kernel `sigmoid`. */
export function sigmoid(params: usize, index: i32): void {
  each(SIGMOID, params, index);
}
