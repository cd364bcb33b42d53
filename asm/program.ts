/**
 * The interpreter: walks a command buffer and runs its kernels, tile by tile. A tile is at most about a millisecond of work, because V8 replaces a
 * kernel by its optimised code between calls, never inside one.
 *
 * A command, in 32-bit words: kernel, length in words with this header, number of tiles, then the kernel's parameter block.
 */
import { add, mul } from "./binary";
import { depthwise } from "./depthwise";
import { gemm } from "./gemm";
import { im2col } from "./im2col";
import * as kernel from "./kernels";
import { pool } from "./pool";
import { word } from "./simd";
import { softmax } from "./softmax";
import { clip, sigmoid } from "./unary";

export { peak } from "./peak";
export { resize_row } from "./resize";

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
