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

/** The kernel of a command. */
@inline
function kernelOf(command: usize): i32 {
  return word(command, 0) & ~kernel.JOINED;
}

/** Where a command ends. */
@inline
function behind(command: usize): usize {
  return command + (<usize> word(command, 1) << 2);
}

/** Runs the commands in [begin, end) on one thread. */
export function run(begin: usize, end: usize): void {
  while (begin < end) {
    const tiles = word(begin, 2);
    for (let tile = 0; tile < tiles; ++tile) dispatch(kernelOf(begin), begin + HEADER, tile, 0);
    begin = behind(begin);
  }
}

/**
 * Byte offsets in the control block: threads that have arrived at a barrier, the abort word, and how many tiles of each thread's share are taken, all on cache lines of
 * their own. Commands use two sets of the latter in turn, so that one can be cleared while the other is in use.
 */
const ARRIVED: usize = 0, ABORT: usize = 64, TAKEN: usize = 1216, TAKEN_BYTES: usize = 1024;

/**
 * Plain loads before a waiting thread goes to sleep, some hundred microseconds: to be woken takes tens of them, more than most layers' shares differ by. After each sleep in a run they are
 * a quarter, down to the least: a thread that is so late does not run, and one that spins may be what keeps it from its core.
 */
const SPINS = 200_000, LEAST_SPINS = 2_000;
/** Nanoseconds of one sleep, and how many without progress mean that a thread has died. */
const SLEEP: i64 = 100_000_000, PATIENCE = 100;

/** How a wait ended: a thread failed or has died; or all came, before this one slept or after. */
const BROKEN: i32 = 0, AWAKE: i32 = 1, SLEPT: i32 = 2;

/**
 * Waits until `arrived` has reached `target`, which wraps around: for `spins` loads, then asleep. A thread that may not sleep (the main thread of a browser) spins on.
 *
 * @returns `BROKEN`, `AWAKE` or `SLEPT`.
 */
function barrier(control: usize, target: i32, spins: i32, maySleep: bool): i32 {
  const arrived = control + ARRIVED;
  let ended = AWAKE;
  if (atomic.add<i32>(arrived, 1) + 1 == target) {
    atomic.notify(arrived, -1);
    return atomic.load<i32>(control + ABORT) ? BROKEN : ended;
  }
  let loads = 0, timeouts = 0;
  while (true) {
    const now = atomic.load<i32>(arrived);
    if (now - target >= 0) return atomic.load<i32>(control + ABORT) ? BROKEN : ended;
    if (++loads < spins || !maySleep) {
      if ((loads & 1023) == 0 && atomic.load<i32>(control + ABORT)) return BROKEN;
      continue;
    }
    if (atomic.load<i32>(control + ABORT)) return BROKEN;
    ended = SLEPT;
    if (atomic.wait<i32>(arrived, now, SLEEP) == 2 && ++timeouts == PATIENCE) return BROKEN;
  }
}

/**
 * Runs the commands in [begin, end) as thread `thread` of `threads`, all of which make this call. The tiles of a command, and of those that it is joined with, are shared out in
 * runs, one a thread, so that a thread finds in its own cache much of what the command before left; who is done takes tiles of the others. Then all threads meet. `base` is the
 * value of `arrived` before the run; the first counts of taken tiles are 0.
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
  maySleep: bool,
): bool {
  const local = <usize> thread * workspaceBytes;
  let taken = control + TAKEN, cleared = taken + TAKEN_BYTES, spins = SPINS;
  while (begin < end) {
    let last = begin, tiles = word(begin, 2);
    while ((word(last, 0) & kernel.JOINED) != 0 && behind(last) < end) {
      last = behind(last);
      tiles += word(last, 2);
    }
    if (thread == 0) {
      for (let other = 0; other < threads; ++other) store<i32>(cleared + (<usize> other << 6), 0);
    }
    for (let i = 0; i < threads; ++i) {
      const owner = (thread + i) % threads;
      const counter = taken + (<usize> owner << 6);
      const first = tiles * owner / threads, count = tiles * (owner + 1) / threads - first;
      while (load<i32>(counter) < count) {
        let tile = atomic.add<i32>(counter, 1);
        if (tile >= count) break;
        tile += first;
        let command = begin;
        for (; tile >= word(command, 2); command = behind(command)) tile -= word(command, 2);
        dispatch(kernelOf(command), command + HEADER, tile, local);
      }
    }
    base += threads;
    const ended = barrier(control, base, spins, maySleep);
    if (ended == BROKEN) return false;
    if (ended == SLEPT && spins > LEAST_SPINS) spins >>= 2;
    const swapped = taken;
    taken = cleared;
    cleared = swapped;
    begin = behind(last);
  }
  return true;
}
