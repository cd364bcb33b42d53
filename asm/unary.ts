/**
 * Element-wise functions of one tensor, and copies between pixel strides. Rows of C floats; loads read up to 12 bytes past a row, stores are exact.
 *
 * Parameter block: 0 input, 1 input stride (bytes), 2 rows, 3 C, 4 output, 5 output stride, 6 rows a tile, 7 a (f32), 8 b (f32): the function's parameters.
 */
import { exp, sigmoid as sigmoid4 } from "./math";
import { clamp, madd, splatWord, storeLanes, vmax, vmin, word } from "./simd";

const CLIP = 0, SIGMOID = 1, LEAKY_RELU = 2, SILU = 3, MISH = 4, HARD_SIGMOID = 5, HARD_SWISH = 6, TANH = 7, SQRT = 8;

@inline
function f(kind: i32, x: v128, a: v128, b: v128): v128 {
  if (kind == CLIP) return clamp(x, a, b);
  if (kind == SIGMOID) return sigmoid4(x);
  if (kind == LEAKY_RELU) {
    const zero = f32x4.splat(0);
    return madd(vmin(x, zero), a, vmax(x, zero));
  }
  if (kind == SILU) return f32x4.mul(x, sigmoid4(x));
  if (kind == MISH) {
    // tanh(ln(1 + t)) = n / (n + 2) with t = e^x, n = t (t + 2); above 20 it is 1.
    const t = exp(vmin(x, f32x4.splat(20)));
    const n = f32x4.mul(t, f32x4.add(t, f32x4.splat(2)));
    return f32x4.mul(x, f32x4.div(n, f32x4.add(n, f32x4.splat(2))));
  }
  if (kind == HARD_SIGMOID) return clamp(madd(x, a, b), f32x4.splat(0), f32x4.splat(1));
  if (kind == HARD_SWISH) {
    const gate = clamp(f32x4.add(x, f32x4.splat(3)), f32x4.splat(0), f32x4.splat(6));
    return f32x4.mul(x, f32x4.mul(gate, f32x4.splat(1.0 / 6.0)));
  }
  if (kind == SQRT) return f32x4.sqrt(x);
  const s = sigmoid4(f32x4.add(x, x));
  return f32x4.sub(f32x4.add(s, s), f32x4.splat(1));
}

@inline
function each(kind: i32, params: usize, index: i32): void {
  const stride = <usize> word(params, 1), outStride = <usize> word(params, 5);
  const channels = word(params, 3);
  const first = index * word(params, 6);
  const end = min(first + word(params, 6), word(params, 2));
  const a = splatWord(params, 7), b = splatWord(params, 8);
  for (let row = first; row < end; ++row) {
    let p = <usize> word(params, 0) + <usize> row * stride;
    let o = <usize> word(params, 4) + <usize> row * outStride;
    let c = channels;
    for (; c >= 4; c -= 4) {
      v128.store(o, f(kind, v128.load(p), a, b));
      p += 16;
      o += 16;
    }
    if (c > 0) storeLanes(o, f(kind, v128.load(p), a, b), c);
  }
}

/** Kernel `clip`: limits to [a, b]; with infinite limits, a copy. */
export function clip(params: usize, index: i32): void {
  each(CLIP, params, index);
}

/** Kernel `sigmoid`. */
export function sigmoid(params: usize, index: i32): void {
  each(SIGMOID, params, index);
}

/** Kernel `leaky_relu`: x, or a * x below zero. */
export function leaky_relu(params: usize, index: i32): void {
  each(LEAKY_RELU, params, index);
}

/** Kernel `silu`: x * sigmoid(x). */
export function silu(params: usize, index: i32): void {
  each(SILU, params, index);
}

/** Kernel `mish`: x * tanh(ln(1 + e^x)). */
export function mish(params: usize, index: i32): void {
  each(MISH, params, index);
}

/** Kernel `hard_sigmoid`: a * x + b, limited to [0, 1]. */
export function hard_sigmoid(params: usize, index: i32): void {
  each(HARD_SIGMOID, params, index);
}

/** Kernel `hard_swish`: x * relu6(x + 3) / 6. */
export function hard_swish(params: usize, index: i32): void {
  each(HARD_SWISH, params, index);
}

/** Kernel `tanh`. */
export function tanh(params: usize, index: i32): void {
  each(TANH, params, index);
}

/** Kernel `sqrt`. */
export function sqrt(params: usize, index: i32): void {
  each(SQRT, params, index);
}
