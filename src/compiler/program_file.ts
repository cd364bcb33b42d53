/**
 * Compiled programs as bytes: packed weights and commands as they lie in memory, so that a session starts with one read into place.
 *
 *     "SIMDETP2" | u32 length of the header | u32 hash of the header | header, JSON, padded with spaces | constants | commands | tensors
 *
 * A program fits one build of the kernels, and says which. It is as trusted as code: what it computes is what its commands say.
 *
 * @module
 */

import { ModelError } from "../errors.ts";
import type { ModelInfo } from "../graph/model_info.ts";
import type { Arch } from "../kernels/emitter.ts";
import { channelsOf, elements, rowsOf, type Shape, type Tensor } from "../tensor.ts";
import {
  type CommandRange,
  MAX_BYTES,
  type MemoryPort,
  piecesOf,
  type Program,
  regionsOf,
} from "./memory_map.ts";

/** Bytes that are read on demand, from memory or a file. */
export interface ByteSource {
  /** How many there are. */
  readonly size: number;
  /** Fills `into` with the bytes from `at` on, at once or in time; several are asked for before the first is there. */
  read(at: number, into: Uint8Array): void | Promise<void>;
}

/** What a compiled program was compiled for. */
export interface Target {
  /** Instructions of the kernels. */
  readonly simd: string;
  /** Processor whose register tiles they have. */
  readonly arch: Arch;
  /** Names the very kernels. */
  readonly kernels: string;
  /** Threads that it runs on. */
  readonly threads: number;
}

/** A program with all that a detector or classifier wants to know of its model. */
export interface CompiledModel {
  /** What runs. */
  readonly program: Program;
  /** What it runs on. */
  readonly target: Target;
  /** Checksum of constants and commands, see `asm/checksum.ts`. */
  readonly checksum: number;
  /** What the model says about itself. */
  readonly info: ModelInfo;
  /** Constants that postprocessing reads, by name. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** What the file it was compiled from is known by. */
  readonly source: string;
}

const MAGIC = "SIMDETP";
/** The layout of the file, behind the magic. */
const VERSION = "2";
const PREFIX = 16;
/** Reads that are under way at once: the pages of new memory are made on several cores. */
const READS = 4;
/** Bytes of the smallest pages that hosts have. */
const HOST_PAGE = 4096;

/** Whether bytes begin like a compiled program, of any version. */
export function isCompiled(bytes: Uint8Array): boolean {
  return bytes.length >= PREFIX && [...MAGIC].every((letter, i) => bytes[i] === letter.charCodeAt(0));
}

/** The bytes of a compiled program. */
export async function encodeProgram(model: CompiledModel): Promise<Uint8Array> {
  const { program, target, checksum, info, tensors, source } = model;
  const { inputs, outputs, steps, sizes, commands, workspaceBytes } = program;
  const image = new ArrayBuffer(sizes.total);
  await program.write(image);
  const list = [...tensors].map(([name, { shape, data }]) => ({ name, shape, hash: hashOf(bytesOf(data)) }));
  const header = {
    target,
    checksum,
    info,
    source,
    inputs,
    outputs,
    steps,
    sizes,
    commands,
    workspaceBytes,
    tensors: list,
  };
  const json = new TextEncoder().encode(JSON.stringify(header));
  const start = Math.ceil((PREFIX + json.length) / 64) * 64;
  const [constants, code] = regionsOf(program).map(([begin, end]) =>
    new Uint8Array(image, begin, end - begin)
  );
  const extra = [...tensors.values()].map(({ data }) => bytesOf(data));
  const bytes = new Uint8Array(
    start + [constants, code, ...extra].reduce((sum, part) => sum + part.length, 0),
  );
  bytes.set(new TextEncoder().encode(MAGIC + VERSION));
  new DataView(bytes.buffer).setUint32(8, start - PREFIX, true);
  bytes.fill(0x20, PREFIX, start);
  bytes.set(json, PREFIX);
  new DataView(bytes.buffer).setUint32(12, hashOf(bytes.subarray(PREFIX, start)), true);
  let at = start;
  for (const part of [constants, code, ...extra]) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/**
 * Reads a compiled program; its weights stay where they are until they are written into a session's memory.
 *
 * @throws {ModelError} If the file is cut off, its header is not one, or its tensors are damaged.
 */
export async function decodeProgram(source: ByteSource): Promise<CompiledModel> {
  const prefix = new Uint8Array(PREFIX);
  if (source.size < PREFIX) throw broken(`it is ${source.size} bytes long`);
  await source.read(0, prefix);
  if (!isCompiled(prefix)) throw broken("it begins otherwise");
  if (prefix[MAGIC.length] !== VERSION.charCodeAt(0)) throw broken("it is of another release");
  const start = PREFIX + new DataView(prefix.buffer).getUint32(8, true);
  if (start > source.size) {
    throw broken(`its header is said to be ${start} bytes, the file is ${source.size}`);
  }
  const text = new Uint8Array(start - PREFIX);
  await source.read(PREFIX, text);
  if (hashOf(text) !== new DataView(prefix.buffer).getUint32(12, true)) throw broken("its header is damaged");
  const header = parse(text);
  const { sizes, commands } = header;
  const regions = regionsOf(header), [constants, code] = regions;
  const inside = regions.every(([begin, end]) => begin % 64 === 0 && begin <= end && end <= sizes.total) &&
    constants[1] <= code[0] &&
    isWithin(commands, { begin: commands.begin, end: sizes.total }) &&
    header.steps.every((step) => isWithin(step, commands));
  if (!inside) throw broken("its commands do not lie in its memory");
  let at = start + regions.reduce((sum, [begin, end]) => sum + end - begin, 0);
  const places = header.tensors.map((tensor) => {
    const begin = at;
    at += elements(tensor.shape) * 4;
    return { ...tensor, begin };
  });
  if (at !== source.size) throw broken(`it should be ${at} bytes long, it is ${source.size}`);
  const tensors = new Map<string, Tensor>();
  for (const { name, shape, hash, begin } of places) {
    const data = new Float32Array(elements(shape));
    await source.read(begin, bytesOf(data));
    if (hashOf(bytesOf(data)) !== hash) throw broken(`its tensor "${name}" is damaged`);
    tensors.set(name, { shape, data });
  }
  const { inputs, outputs, steps, workspaceBytes, target, checksum, info, source: origin } = header;
  const program: Program = {
    inputs,
    outputs,
    steps,
    sizes,
    commands,
    workspaceBytes,
    async write(memory, arrived) {
      const pieces = piecesOf(header);
      let next = 0, from = start;
      const readOn = async () => {
        while (next < pieces.length) {
          const piece = pieces[next++], at = from;
          const bytes = new Uint8Array(memory, piece.begin, piece.end - piece.begin);
          from += bytes.length;
          await source.read(at, bytes);
          await arrived?.(piece);
        }
      };
      const reads = Array.from({ length: READS }, readOn);
      touch(new Uint8Array(memory, constants[1], code[0] - constants[1]));
      await Promise.all(reads);
    },
  };
  return { program, target, checksum, info, tensors, source: origin };
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Has the host make the pages of new memory, which costs some hosts ten microseconds each, while others read. */
function touch(memory: Uint8Array): void {
  for (let at = 0; at < memory.length; at += HOST_PAGE) memory[at] = 0;
}

/** In the manner of FNV-1a, over whole 32-bit words: tensors and headers have no others. */
function hashOf(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), words = bytes.length >> 2;
  let hash = 0x811c9dc5;
  for (let i = 0; i < words; i++) {
    hash = Math.imul(hash ^ view.getInt32(4 * i, true), 0x01000193);
    hash ^= hash >>> 15;
  }
  return hash >>> 0;
}

/** What the header holds. */
interface Header extends Omit<Program, "write">, Omit<CompiledModel, "program" | "tensors"> {
  /** With the hash of their bytes. */
  readonly tensors: readonly { readonly name: string; readonly shape: Shape; readonly hash: number }[];
}

const isCount = (value: unknown, most = MAX_BYTES): value is number =>
  Number.isInteger(value) && Number(value) >= 0 && Number(value) <= most;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isShape = (value: unknown): value is Shape =>
  Array.isArray(value) && value.every((n) => isCount(n)) && isCount(elements(value) * 4);

const isNamed = (value: unknown): boolean =>
  isRecord(value) && typeof value.name === "string" && isShape(value.shape);

/** Whether a range is one, and lies within another. */
function isWithin({ begin, end }: CommandRange, outer: CommandRange): boolean {
  return outer.begin <= begin && begin <= end && end <= outer.end;
}

/** Whether a port lies within so many bytes. */
function isPort(value: unknown, total: number): boolean {
  if (!isRecord(value) || !isNamed(value)) return false;
  const { offset, stride, shape, nchw, rgba } = value as unknown as MemoryPort;
  if (typeof nchw !== "boolean" || typeof rgba !== "boolean" || rgba && channelsOf(shape) !== 1) return false;
  const last = elements(shape) === 0 ? 0 : (rowsOf(shape) - 1) * stride + channelsOf(shape) * 4;
  return isCount(offset) && isCount(stride) && offset % 4 === 0 && stride % 4 === 0 &&
    isCount(offset + last, total);
}

/** Whether parsed JSON has what a header holds. */
function isHeader(value: unknown): value is Header {
  if (!isRecord(value)) return false;
  const { target, info, sizes, commands, steps, inputs, outputs, tensors, workspaceBytes } = value;
  if (!isRecord(target) || !isRecord(info) || !isRecord(sizes) || !isRecord(commands)) return false;
  const bytes = [sizes.constants, sizes.arena, sizes.workspace, sizes.commands, sizes.total];
  const lists = [steps, inputs, outputs, tensors];
  if (
    ![...bytes, commands.begin, commands.end, workspaceBytes].every((n) => isCount(n)) ||
    !lists.every(Array.isArray)
  ) return false;
  const words = [target.simd, target.arch, target.kernels, info.name];
  return words.every((word) => typeof word === "string") &&
    [inputs, outputs].every((ports) =>
      (ports as unknown[]).every((port) => isPort(port, Number(sizes.total)))
    ) &&
    (tensors as unknown[]).every((tensor) =>
      isRecord(tensor) && isNamed(tensor) && isCount(tensor.hash, 2 ** 32 - 1)
    ) &&
    (steps as unknown[]).every((step) => isRecord(step) && isCount(step.begin) && isCount(step.end));
}

function parse(text: Uint8Array): Header {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(text));
  } catch (cause) {
    throw broken("its header is not JSON", cause);
  }
  if (!isHeader(header)) {
    throw broken("its header lacks what a program needs, or has it outside of its memory");
  }
  return header;
}

function broken(why: string, cause?: unknown): ModelError {
  return new ModelError(`Cannot read compiled program: ${why}; compile it again`, "bad_model", { cause });
}

/** Bytes in memory as a source. */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return { size: bytes.length, read: (at, into) => into.set(bytes.subarray(at, at + into.length)) };
}
