/**
 * What kernels are told: addresses in the one wasm memory, views of tensors there, and commands. The compiler implements `Emitter`;
 * operators lower themselves to it.
 *
 * @module
 */

import { channelsOf, type Shape } from "../tensor.ts";

/** Part of the memory; its base is known once the whole program has been lowered. */
export type Region = "constants" | "arena" | "workspace";

/** A byte address relative to its region. */
export interface Address {
  readonly region: Region;
  readonly offset: number;
}

/** A tensor in memory: vectors of the last axis (the channels of a pixel), `stride` bytes apart. */
export interface View {
  readonly address: Address;
  readonly shape: Shape;
  readonly stride: number;
}

/** Processor that a build's register tiles are made for. */
export type Arch = "x86-64" | "aarch64";

/** What the kernels may rely on. */
export interface Host {
  /** Whose register tiles the build has. */
  readonly arch: Arch;
  /** Threads that share each command's tiles. */
  readonly threads: number;
}

/** A 32-bit word of a parameter block: an integer, an address to be resolved, or a float. */
export type Word = number | Address | { readonly f32: number };

/** One kernel call, cut into tiles that may run in any order. */
export interface Command {
  /** Number of the kernel, `asm/kernels.ts`. */
  readonly opcode: number;
  /** Name for profiles: operation, tile. */
  readonly kernel: string;
  /** Why this kernel, for profiles. */
  readonly reason: string;
  readonly tiles: number;
  readonly words: readonly Word[];
}

/** What lowering writes to. */
export interface Emitter {
  readonly host: Host;
  /** Reserves constant memory of `floats` f32, 64-byte aligned; `fill` writes it when the program is loaded. */
  constant(floats: number, fill: (to: Float32Array) => void): Address;
  /** Reserves scratch memory of a command, one for each thread, 64-byte aligned. Commands share it. */
  workspace(bytes: number): Address;
  /** Appends a command. */
  emit(command: Command): void;
}

/** Buffers start on a cache line. */
export const ALIGNMENT = 64;

/** Rounds up to whole cache lines. */
export function align(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

/** Limits of a clamp; what is left out is unlimited. */
export interface Limits {
  /** Least value. */
  readonly lo?: number;
  /** Greatest value. */
  readonly hi?: number;
}

/** Both limits as words of a parameter block. */
export function limitWords(limits: Limits | undefined): [Word, Word] {
  return [{ f32: limits?.lo ?? -Infinity }, { f32: limits?.hi ?? Infinity }];
}

/** A kernel of `asm/unary.ts` that a convolution applies to what it has just stored. */
export interface Activation {
  readonly opcode: number;
  /** Name for profiles. */
  readonly kernel: string;
  /** Parameters of the function. */
  readonly parameters: readonly [a: number, b: number];
}

/** What happens to the output of a convolution before it is left. */
export interface Epilogue {
  /** Added to it. */
  readonly residual?: View;
  /** Clamp after the addition. */
  readonly limits?: Limits;
  /** Function after the addition, in place of a clamp. */
  readonly activation?: Activation;
}

/** An activation as words of a parameter block. */
export function activationWords(activation: Activation | undefined): [Word, Word, Word] {
  const [a, b] = activation?.parameters ?? [0, 0];
  return [activation?.opcode ?? 0, { f32: a }, { f32: b }];
}

/** Name of a convolution's kernel with its activation. */
export function withActivation(kernel: string, activation: Activation | undefined): string {
  return activation ? `${kernel}+${activation.kernel}` : kernel;
}

/** Whether a view's rows lie back to back. */
export function isDense(view: View): boolean {
  return view.stride === channelsOf(view.shape) * 4;
}

/** The part of a view that starts at `row` and `column` (floats) and has `shape`. */
export function subview(view: View, row: number, column: number, shape: Shape): View {
  const { region, offset } = view.address;
  return { address: { region, offset: offset + row * view.stride + column * 4 }, shape, stride: view.stride };
}

/** Work of a tile: about a quarter of a millisecond, and at most a millisecond before V8 has optimised the kernel. */
export const TILE_MACS = 6_000_000;
/** Work of a tile where threads share: small enough that the last to finish is not waited for long. */
const SHARED_TILE_MACS = 2_000_000;

/** Multiply-adds that a tile should take. */
export function tileWork({ threads }: Host): number {
  return threads > 1 ? SHARED_TILE_MACS : TILE_MACS;
}

/** Least work that is shared: less takes no longer than the threads' meeting behind it. */
const LEAST_SHARED_MACS = 100_000;

/**
 * How many rows a tile takes so that tiles are alike in size, whole multiples of `multiple`, of not too much work, and at most `most` rows. Of the numbers of tiles that
 * `sharers`, the threads, can share out evenly, the one is taken whose tiles, which can only be cut at whole multiples, leave the busiest of them least to do.
 */
export function tileRows(
  rows: number,
  macsPerRow: number,
  host: Host,
  multiple = 1,
  most = Infinity,
  sharers = host.threads,
): number {
  const limit = Math.max(multiple, Math.min(most, tileWork(host) / Math.max(1, macsPerRow)));
  const shared = rows * macsPerRow >= LEAST_SHARED_MACS ? sharers : 1;
  const blocks = Math.ceil(rows / multiple);
  const least = Math.max(1, Math.ceil(Math.ceil(rows / limit) / shared) * shared);
  let best = Infinity, size = 1;
  for (let tiles = least; tiles < 2 * least + shared && tiles < blocks + shared; tiles += shared) {
    const each = Math.ceil(blocks / tiles), share = Math.ceil(Math.ceil(blocks / each) / shared) * each;
    if (share < best) [best, size] = [share, each];
  }
  return size * multiple;
}
