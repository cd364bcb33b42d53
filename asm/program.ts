/**
 * The interpreter: walks a command buffer and runs its kernels, tile by tile. A tile is at most about a millisecond of work, because V8 replaces a
 * kernel by its optimised code between calls, never inside one.
 *
 * A command, in 32-bit words: kernel, length in words with this header, number of tiles, then the kernel's parameter block.
 */
import { add, div, maximum, mul, sub } from "./binary";
import { depthwise } from "./depthwise";
import { expand_depthwise } from "./expand_depthwise";
import { gemm } from "./gemm";
import { im2col } from "./im2col";
import { implicit_gemm } from "./implicit_gemm";
import * as kernel from "./kernels";
import { l2_normalize } from "./l2_normalize";
import { pool } from "./pool";
import { preactivated_pointwise } from "./preactivated_pointwise";
import { resize } from "./resize";
import { word } from "./simd";
import { softmax } from "./softmax";
import { strassen } from "./strassen";
import { strided_copy } from "./strided_copy";
import { unary } from "./unary";
import { unpack_rgba } from "./unpack_rgba";
import { winograd2x2, winograd4x4 } from "./winograd";

export { checksum } from "./checksum";
export { nms } from "./nms";
export { peak, peak_dot } from "./peak";
export { bilinear, opencv, pillow_across, pillow_down } from "./resize_bytes";

function dispatch(id: i32, params: usize, tile: i32, local: usize): void {
  switch (id) {
    case kernel.GEMM:
      return gemm(params, tile);
    case kernel.IM2COL:
      return im2col(params, tile, local);
    case kernel.DEPTHWISE:
      return depthwise(params, tile);
    case kernel.POOL:
      return pool(params, tile);
    case kernel.ADD:
      return add(params, tile);
    case kernel.MUL:
      return mul(params, tile);
    case kernel.SOFTMAX:
      return softmax(params, tile);
    case kernel.CLIP:
    case kernel.SIGMOID:
    case kernel.LEAKY_RELU:
    case kernel.SILU:
    case kernel.MISH:
    case kernel.HARD_SIGMOID:
    case kernel.HARD_SWISH:
    case kernel.TANH:
    case kernel.SQRT:
      return unary(id, params, tile);
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
    case kernel.WINOGRAD_4X4:
      return winograd4x4(params, tile, local);
    case kernel.WINOGRAD_2X2:
      return winograd2x2(params, tile, local);
    case kernel.EXPAND_DEPTHWISE:
      return expand_depthwise(params, tile, local);
    case kernel.IMPLICIT_GEMM:
      return implicit_gemm(params, tile, local);
    case kernel.PREACTIVATED_POINTWISE:
      return preactivated_pointwise(params, tile, local);
    case kernel.STRASSEN:
      return strassen(params, tile, local);
    case kernel.UNPACK_RGBA:
      return unpack_rgba(params, tile);
    default:
      unreachable();
  }
}

/** Bytes of a command before its parameter block. */
const HEADER: usize = 12;

/** Runs the commands in [begin, end) on one thread. */
export function run(begin: usize, end: usize): void {
  while (begin < end) {
    const id = word(begin, 0), tiles = word(begin, 2);
    for (let tile = 0; tile < tiles; ++tile) dispatch(id, begin + HEADER, tile, 0);
    begin += <usize> word(begin, 1) << 2;
  }
}

/**
 * Byte offsets in the control block: threads that have arrived at a barrier, the abort word, and how many tiles of each thread's share are taken, all on cache lines of
 * their own. Commands use two sets of the latter in turn, so that one can be cleared while the other is in use.
 */
const ARRIVED: usize = 0, ABORT: usize = 64, TAKEN: usize = 1216, TAKEN_BYTES: usize = 1024;

/** Nanoseconds of one sleep, and how many without progress mean that a thread has died. */
const SLEEP: i64 = 100_000_000, PATIENCE = 100;

/**
 * Waits until `arrived` has reached `target`, which wraps around: for `spins` plain loads, then asleep; below 0 it never sleeps, as the main thread of a browser may not.
 *
 * @returns Whether all came; false when a thread set the abort word or has died.
 */
function barrier(control: usize, target: i32, spins: i32): bool {
  const arrived = control + ARRIVED;
  if (atomic.add<i32>(arrived, 1) + 1 == target) {
    atomic.notify(arrived, -1);
    return atomic.load<i32>(control + ABORT) == 0;
  }
  let loads = 0, sleeps = 0;
  while (true) {
    const now = atomic.load<i32>(arrived);
    if (now - target >= 0) return atomic.load<i32>(control + ABORT) == 0;
    if (++loads < spins || spins < 0) {
      if ((loads & 1023) == 0 && atomic.load<i32>(control + ABORT)) return false;
      continue;
    }
    if (atomic.load<i32>(control + ABORT)) return false;
    if (atomic.wait<i32>(arrived, now, SLEEP) == 2 && ++sleeps == PATIENCE) return false;
  }
}

/**
 * Runs the commands in [begin, end) as thread `thread` of `threads`, all of which make this call. The tiles of a command are shared out in runs, one a thread, so that a
 * thread finds in its own cache much of what the command before left; who is done takes tiles of the others. After each command all threads meet. `base` is the
 * value of `arrived` before the run; all counts of taken tiles are 0.
 *
 * @returns Whether the run was completed.
 */
export function share(
  begin: usize,
  end: usize,
  control: usize,
  thread: i32,
  threads: i32,
  base: i32,
  workspaceBytes: usize,
  spins: i32,
): bool {
  const local = <usize> thread * workspaceBytes;
  let taken = control + TAKEN, cleared = taken + TAKEN_BYTES;
  while (begin < end) {
    const id = word(begin, 0), tiles = word(begin, 2);
    if (thread == 0) {
      for (let other = 0; other < threads; ++other) store<i32>(cleared + (<usize> other << 6), 0);
    }
    for (let i = 0; i < threads; ++i) {
      const owner = (thread + i) % threads;
      const counter = taken + (<usize> owner << 6);
      const first = tiles * owner / threads, count = tiles * (owner + 1) / threads - first;
      while (load<i32>(counter) < count) {
        const tile = atomic.add<i32>(counter, 1);
        if (tile < count) dispatch(id, begin + HEADER, first + tile, local);
      }
    }
    base += threads;
    if (!barrier(control, base, spins)) return false;
    const swapped = taken;
    taken = cleared;
    cleared = swapped;
    begin += <usize> word(begin, 1) << 2;
  }
  return true;
}
