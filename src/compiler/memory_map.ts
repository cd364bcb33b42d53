/**
 * What the compiler hands to the runtime: where everything lies in a session's memory.
 *
 *     0 | reserved | constants | arena | workspace | commands | end
 *
 * @module
 */

import type { Shape } from "../tensor.ts";

/** A named tensor in the program's memory: rows of the last axis `stride` bytes apart from byte `offset` on. */
export interface MemoryPort {
  /** Name of the value. */
  readonly name: string;
  /** Its extents, last axis innermost. */
  readonly shape: Shape;
  /** Byte address of the first row. */
  readonly offset: number;
  /** Bytes from one row to the next. */
  readonly stride: number;
  /** Whether sessions take or give it as `[n, c, h, w]`. An input lies so in memory, too, an output as `[n, h, w, c]`, which is then its `shape`. */
  readonly nchw: boolean;
  /** Whether it is an input of RGBA bytes, 4 in the place of each value; sessions take it as `[n, h, w, 4]`. */
  readonly rgba: boolean;
}

/** Bytes of the program's memory: commands, mostly. */
export interface CommandRange {
  /** Where the first lies. */
  readonly begin: number;
  /** Where the last ends. */
  readonly end: number;
}

/** A node as it runs: its commands, and what profiles show. */
export interface Step extends CommandRange {
  /** Name of the node. */
  readonly name: string;
  /** Its operator. */
  readonly op: string;
  /** Kernel of its commands, e.g. `gemm_5x8`. */
  readonly kernel: string;
  /** Why this kernel. */
  readonly reason: string;
  /** Shapes of the computed inputs, e.g. `1x19x19x96`. */
  readonly inputs: string;
  /** Shape of the output. */
  readonly outputs: string;
  /** Multiply-adds. */
  readonly macs: number;
  /** Bytes of inputs, weights and output: what has to pass the processor at least. */
  readonly bytes: number;
  /** Whether threads take it and the next one as one; both have the commands of both then. */
  readonly joined: boolean;
}

/** Bytes of each part of the memory. */
export interface MemorySizes {
  /** Packed weights. */
  readonly constants: number;
  /** Activations. */
  readonly arena: number;
  /** Scratch memory of all threads. */
  readonly workspace: number;
  /** The command buffer. */
  readonly commands: number;
  /** All of them, and what is reserved for threads. */
  readonly total: number;
}

/** What a session runs. */
export interface Program {
  /** Tensors that enter. */
  readonly inputs: readonly MemoryPort[];
  /** Tensors that leave. */
  readonly outputs: readonly MemoryPort[];
  /** Nodes that have commands, in order. */
  readonly steps: readonly Step[];
  /** Bytes of each part of the memory. */
  readonly sizes: MemorySizes;
  /** All commands. */
  readonly commands: CommandRange;
  /** Bytes of one thread's workspace. */
  readonly workspaceBytes: number;
  /**
   * Writes constants and commands into memory of at least `sizes.total` bytes, at once or in time. What comes in time comes in pieces, see {@linkcode piecesOf}; `arrived` is
   * called behind each, in any order.
   */
  write(
    memory: ArrayBufferLike,
    arrived?: (piece: CommandRange) => void | Promise<void>,
  ): void | Promise<void>;
}

/** Byte ranges of a program's constants and commands in its memory; multiples of 64. */
export function regionsOf(
  { sizes, commands }: Pick<Program, "sizes" | "commands">,
): [begin: number, end: number][] {
  return [[RESERVED, RESERVED + sizes.constants], [commands.begin, sizes.total]];
}

/** Most bytes of a piece, a multiple of 64: little enough for one to be checked while the next are read. */
const PIECE = 2 ** 21;

/** The same ranges, cut into pieces. */
export function piecesOf(program: Pick<Program, "sizes" | "commands">): CommandRange[] {
  return regionsOf(program).flatMap(([begin, end]) =>
    Array.from({ length: Math.ceil((end - begin) / PIECE) }, (_, i) => ({
      begin: begin + i * PIECE,
      end: Math.min(begin + (i + 1) * PIECE, end),
    }))
  );
}

/** The bottom of the memory is the threads' control block; nothing else lies there, and address 0 means "none" in parameter blocks. */
export const RESERVED = 4096;
/** Most memory a program may take: what a 32-bit wasm memory holds, less room for photos. */
export const MAX_BYTES = 2 ** 32 - 2 ** 24;
