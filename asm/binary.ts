/**
 * Element-wise functions of two tensors, clamped. Rows of C floats; a stride of 0 repeats one row of the second operand. Loads read up to 12 bytes past a
 * row, stores are exact.
 *
 * Parameter block: 0 a, 1 a's stride (bytes), 2 rows, 3 C, 4 output, 5 output stride, 6 rows a tile, 7 lo (f32), 8 hi (f32), 9 b, 10 b's stride.
 */
import { clamp, splatWord, storeLanes, word } from "./simd";

const ADD = 0, MUL = 1;

@inline
function each(kind: i32, params: usize, index: i32): void {
  const aStride = <usize> word(params, 1), bStride = <usize> word(params, 10), outStride = <usize> word(params, 5);
  const channels = word(params, 3);
  const first = index * word(params, 6);
  const end = min(first + word(params, 6), word(params, 2));
  const lo = splatWord(params, 7), hi = splatWord(params, 8);
  for (let row = first; row < end; ++row) {
    let a = <usize> word(params, 0) + <usize> row * aStride;
    let b = <usize> word(params, 9) + <usize> row * bStride;
    let o = <usize> word(params, 4) + <usize> row * outStride;
    for (let c = channels; c > 0; c -= 4) {
      const x = v128.load(a), y = v128.load(b);
      storeLanes(o, clamp(kind == ADD ? f32x4.add(x, y) : f32x4.mul(x, y), lo, hi), c);
      a += 16;
      b += 16;
      o += 16;
    }
  }
}

/** Kernel `add`. */
export function add(params: usize, index: i32): void {
  each(ADD, params, index);
}

/** Kernel `mul`. */
export function mul(params: usize, index: i32): void {
  each(MUL, params, index);
}
