/**
 * The interpreter: walks a command buffer and runs its kernels, tile by tile. A tile is at most about a millisecond of work, because V8 replaces a
 * kernel by its optimised code between calls, never inside one.
 *
 * A command, in 32-bit words: kernel, length in words with this header, number of tiles, then the kernel's parameter block.
 */
import { add, div, maximum, mul, sub } from "./binary";
import { depthwise } from "./depthwise";
import { gemm } from "./gemm";
import { im2col } from "./im2col";
import * as kernel from "./kernels";
import { l2_normalize } from "./l2_normalize";
import { pool } from "./pool";
import { resize } from "./resize";
import { word } from "./simd";
import { softmax } from "./softmax";
import { strided_copy } from "./strided_copy";
import { clip, hard_sigmoid, hard_swish, leaky_relu, mish, sigmoid, silu, tanh } from "./unary";
import { winograd } from "./winograd";

export { peak } from "./peak";
export { resize_row } from "./resize_row";

function dispatch(id: i32, params: usize, tile: i32): void {
  switch (id) {
    case kernel.GEMM:
      return gemm(params, tile);
    case kernel.IM2COL:
      return im2col(params, tile);
    case kernel.DEPTHWISE:
      return depthwise(params, tile);
    case kernel.POOL:
      return pool(params, tile);
    case kernel.ADD:
      return add(params, tile);
    case kernel.MUL:
      return mul(params, tile);
    case kernel.CLIP:
      return clip(params, tile);
    case kernel.SIGMOID:
      return sigmoid(params, tile);
    case kernel.SOFTMAX:
      return softmax(params, tile);
    case kernel.LEAKY_RELU:
      return leaky_relu(params, tile);
    case kernel.SILU:
      return silu(params, tile);
    case kernel.MISH:
      return mish(params, tile);
    case kernel.HARD_SIGMOID:
      return hard_sigmoid(params, tile);
    case kernel.HARD_SWISH:
      return hard_swish(params, tile);
    case kernel.TANH:
      return tanh(params, tile);
    case kernel.SUB:
      return sub(params, tile);
    case kernel.DIV:
      return div(params, tile);
    case kernel.MAXIMUM:
      return maximum(params, tile);
    case kernel.STRIDED_COPY:
      return strided_copy(params, tile);
    case kernel.RESIZE:
      return resize(params, tile);
    case kernel.L2_NORMALIZE:
      return l2_normalize(params, tile);
    case kernel.WINOGRAD:
      return winograd(params, tile);
    default:
      unreachable();
  }
}

/** Runs the commands in [begin, end). */
export function run(begin: usize, end: usize): void {
  while (begin < end) {
    const id = word(begin, 0), tiles = word(begin, 2);
    for (let tile = 0; tile < tiles; ++tile) dispatch(id, begin + 12, tile);
    begin += <usize> word(begin, 1) << 2;
  }
}
