/**
 * Element-wise functions of two tensors, clamped. Rows of C floats; a stride of 0 repeats one row of the second operand. Loads read up to 12 bytes past a
 * row, stores are exact.
 *
 * Parameter block: 0 a, 1 a's stride (bytes), 2 rows, 3 C, 4 output, 5 output stride, 6 rows a tile, 7 lo (f32), 8 hi (f32), 9 b, 10 b's stride.
 */
import { clamp, splatWord, storeLanes, vmax, word } from "./simd";

const ADD = 0, MUL = 1, SUB = 2, DIV = 3, MAXIMUM = 4;

@inline
function f(kind: i32, x: v128, y: v128): v128 {
  if (kind == ADD) return f32x4.add(x, y);
  if (kind == MUL) return f32x4.mul(x, y);
  if (kind == SUB) return f32x4.sub(x, y);
  if (kind == DIV) return f32x4.div(x, y);
  return vmax(x, y);
}

@inline
function each(kind: i32, params: usize, index: i32): void {
  const aStride = <usize> word(params, 1),
    bStride = <usize> word(params, 10),
    outStride = <usize> word(params, 5);
  const channels = word(params, 3);
  const first = index * word(params, 6);
  const end = min(first + word(params, 6), word(params, 2));
  const lo = splatWord(params, 7), hi = splatWord(params, 8);
  for (let row = first; row < end; ++row) {
    let a = <usize> word(params, 0) + <usize> row * aStride;
    let b = <usize> word(params, 9) + <usize> row * bStride;
    let o = <usize> word(params, 4) + <usize> row * outStride;
    let c = channels;
    for (; c >= 4; c -= 4) {
      v128.store(o, clamp(f(kind, v128.load(a), v128.load(b)), lo, hi));
      a += 16;
      b += 16;
      o += 16;
    }
    if (c > 0) storeLanes(o, clamp(f(kind, v128.load(a), v128.load(b)), lo, hi), c);
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

/** Kernel `sub`. */
export function sub(params: usize, index: i32): void {
  each(SUB, params, index);
}

/** Kernel `div`. */
export function div(params: usize, index: i32): void {
  each(DIV, params, index);
}

/** Kernel `maximum`. */
export function maximum(params: usize, index: i32): void {
  each(MAXIMUM, params, index);
}
