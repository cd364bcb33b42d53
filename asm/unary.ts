/**
 * Element-wise functions of one tensor: as kernels of their own, copies between pixel strides among them, and as what a convolution's kernel applies to what it has
 * just stored, while that is in cache. Rows of C floats; loads read up to 12 bytes past a row, stores are exact.
 *
 * Parameter block: 0 input, 1 input stride (bytes), 2 rows, 3 C, 4 output, 5 output stride, 6 rows a tile, 7 a (f32), 8 b (f32): the function's parameters.
 *
 * The activation of a convolution, three words in its parameter block: the kernel number of the function or 0 for none, a (f32), b (f32).
 */
import * as kernel from "./kernels";
import { C2, C3, C4, C5, expBy, LEAST, LN2_HI, LN2_LO, LOG2E, MOST, SHIFT } from "./math";
import { clamp, madd, splatWord, storeLanes, vmax, vmin, word } from "./simd";

/** x, or a * x below zero; a is in [0, 1]. */
@inline
export function leaky(x: v128, a: v128): v128 {
  return vmax(x, f32x4.mul(x, a));
}

/** Kernel `id` (compile-time) of four values. */
@inline
function f(id: i32, x: v128, a: v128, b: v128): v128 {
  if (id == kernel.CLIP) return clamp(x, a, b);
  if (id == kernel.LEAKY_RELU) {
    const zero = f32x4.splat(0);
    return madd(vmin(x, zero), a, vmax(x, zero));
  }
  if (id == kernel.SQRT) return f32x4.sqrt(x);
  const gate = clamp(madd(x, a, b), f32x4.splat(0), f32x4.splat(1));
  return id == kernel.HARD_SWISH ? f32x4.mul(x, gate) : gate;
}

/** Kernel `id` (compile-time) of `rows` rows of `channels` values. */
@inline
function each(
  id: i32,
  from: usize,
  stride: usize,
  to: usize,
  outStride: usize,
  rows: i32,
  channels: i32,
  a: v128,
  b: v128,
): void {
  for (; rows > 0; --rows) {
    let p = from, o = to;
    let c = channels;
    for (; c >= 4; c -= 4) {
      v128.store(o, f(id, v128.load(p), a, b));
      p += 16;
      o += 16;
    }
    if (c > 0) storeLanes(o, f(id, v128.load(p), a, b), c);
    from += stride;
    to += outStride;
  }
}

/** A constant that stays in a register over a loop: one that V8 sees through it makes anew at every use. `zero` is 0, which V8 cannot know. */
@inline
function kept(value: f32, zero: v128): v128 {
  return f32x4.add(zero, f32x4.splat(value));
}

/** As `each`, for the functions that are rational ones of t = e^x, or e^2x; `zero` is 0. */
@inline
function eachExp(id: i32, from: usize, stride: usize, to: usize, outStride: usize, rows: i32, channels: i32, zero: v128): void {
  // Above 20 mish is x.
  const least = kept(LEAST, zero), most = kept(id == kernel.MISH ? 20 : MOST, zero);
  const log2e = kept(LOG2E, zero), shift = kept(SHIFT, zero), ln2Hi = kept(LN2_HI, zero), ln2Lo = kept(LN2_LO, zero);
  const c5 = kept(C5, zero), c4 = kept(C4, zero), c3 = kept(C3, zero), c2 = kept(C2, zero), one = kept(1, zero);
  const two = f32x4.add(one, one);
  for (; rows > 0; --rows) {
    let p = from, o = to;
    for (let c = channels; c > 0; c -= 4) {
      const x = v128.load(p);
      const t = expBy(id == kernel.TANH ? f32x4.add(x, x) : x, least, most, log2e, shift, ln2Hi, ln2Lo, c5, c4, c3, c2, one);
      let y = t;
      if (id == kernel.SIGMOID) y = f32x4.div(t, f32x4.add(t, one));
      if (id == kernel.SILU) y = f32x4.mul(x, f32x4.div(t, f32x4.add(t, one)));
      if (id == kernel.TANH) y = f32x4.div(f32x4.sub(t, one), f32x4.add(t, one));
      if (id == kernel.MISH) {
        // tanh(ln(1 + t)) = n / (n + 2), n = t (t + 2).
        const n = f32x4.mul(t, f32x4.add(t, two));
        y = f32x4.mul(x, f32x4.div(n, f32x4.add(n, two)));
      }
      storeLanes(o, y, c);
      p += 16;
      o += 16;
    }
    from += stride;
    to += outStride;
  }
}

/**
 * Kernel `id` of `rows` rows of `channels` values; input and output may be the same. `clip` limits to [a, b] (with infinite limits, a copy); `leaky_relu` is x, or
 * a * x below zero; `silu` x * sigmoid(x); `mish` x * tanh(ln(1 + e^x)); `hard_sigmoid` a * x + b, limited to [0, 1]; `hard_swish` x times that, which is
 * x * relu6(x + 3) / 6 for a = 1 / 6 and b = 1 / 2. a and b are 0 where they are not named.
 */
function apply(
  id: i32,
  from: usize,
  stride: usize,
  to: usize,
  outStride: usize,
  rows: i32,
  channels: i32,
  a: v128,
  b: v128,
): void {
  switch (id) {
    case kernel.CLIP:
      return each(kernel.CLIP, from, stride, to, outStride, rows, channels, a, b);
    case kernel.SIGMOID:
      return eachExp(kernel.SIGMOID, from, stride, to, outStride, rows, channels, a);
    case kernel.LEAKY_RELU:
      return each(kernel.LEAKY_RELU, from, stride, to, outStride, rows, channels, a, b);
    case kernel.SILU:
      return eachExp(kernel.SILU, from, stride, to, outStride, rows, channels, a);
    case kernel.MISH:
      return eachExp(kernel.MISH, from, stride, to, outStride, rows, channels, a);
    case kernel.HARD_SIGMOID:
      return each(kernel.HARD_SIGMOID, from, stride, to, outStride, rows, channels, a, b);
    case kernel.HARD_SWISH:
      return each(kernel.HARD_SWISH, from, stride, to, outStride, rows, channels, a, b);
    case kernel.TANH:
      return eachExp(kernel.TANH, from, stride, to, outStride, rows, channels, a);
    case kernel.SQRT:
      return each(kernel.SQRT, from, stride, to, outStride, rows, channels, a, b);
    default:
      unreachable();
  }
}

/** Kernels `clip`, `sigmoid`, `leaky_relu`, `silu`, `mish`, `hard_sigmoid`, `hard_swish`, `tanh`, `sqrt`: tile `index`, a range of rows. */
export function unary(id: i32, params: usize, index: i32): void {
  const stride = <usize> word(params, 1), outStride = <usize> word(params, 5);
  const first = index * word(params, 6);
  const rows = min(word(params, 6), word(params, 2) - first);
  const from = <usize> word(params, 0) + <usize> first * stride;
  const to = <usize> word(params, 4) + <usize> first * outStride;
  apply(id, from, stride, to, outStride, rows, word(params, 3), splatWord(params, 7), splatWord(params, 8));
}

/** Address of the slope, if the activation that three words tell is one that `leaky` takes, which costs least in registers; else 0. */
export function slopeOf(activation: usize): usize {
  const a = load<f32>(activation, 4);
  return word(activation, 0) == kernel.LEAKY_RELU && a >= 0 && a <= 1 ? activation + 4 : 0;
}

/** Applies the activation that three words tell, if any, to `rows` rows of `channels` values, in place; rows that lie back to back are one, as the end of each costs a wrong guess. */
export function activate(activation: usize, at: usize, stride: usize, rows: i32, channels: i32): void {
  const id = word(activation, 0);
  if (!id) return;
  const dense = stride == <usize> channels << 2;
  apply(
    id,
    at,
    stride,
    at,
    stride,
    dense ? 1 : rows,
    dense ? rows * channels : channels,
    splatWord(activation, 1),
    splatWord(activation, 2),
  );
}
