/**
 * Loads the kernels: picks the build that the host can run and instantiates it over a memory.
 *
 * @module
 */

import { HostError } from "../errors.ts";
import type { Arch } from "../kernels/emitter.ts";

/** Which build of the kernels runs. */
export type Simd = "simd128" | "relaxed";

/** A build of the kernels. */
export interface Build {
  /** Instructions it uses. */
  readonly simd: Simd;
  /** Processor whose register tiles it has. */
  readonly arch: Arch;
}

/** The functions of a build; addresses are bytes in its memory. */
export interface Kernels {
  /** Runs the commands in [begin, end). */
  run(begin: number, end: number): void;
  /** Runs the commands in [begin, end) as one of several threads, see `asm/program.ts`; 0 if the run was broken off. */
  share(
    begin: number,
    end: number,
    control: number,
    thread: number,
    threads: number,
    base: number,
    workspaceBytes: number,
    maySleep: number,
  ): number;
  /** A checksum of the bytes in [begin, end), multiples of 64; see `asm/checksum.ts`. */
  checksum(begin: number, end: number): number;
  /** Runs `rounds` times 48 multiply-adds `a * scale + shift`. */
  peak(rounds: number, scale: number, shift: number): number;
  /** Runs `rounds` times 192 multiply-adds of the 8-bit integers `left` and `right`, 0 to 127, and gives the sum of their products; 0 without relaxed SIMD. */
  peak_dot(rounds: number, left: number, right: number): number;
  /** Makes of two rows of a photo one of the input tensor; see `asm/resize_bytes.ts`. */
  bilinear(params: number, upper: number, lower: number, weights: number, output: number): void;
  /** As `bilinear`, rounded as OpenCV does. */
  opencv(params: number, upper: number, lower: number, weights: number, output: number): void;
  /** Makes of two rows of a photo two of a ring of rows that are as wide as the input. */
  pillow_across(params: number, upper: number, lower: number, ring: number): void;
  /** Makes of rows of the ring one of the input tensor. */
  pillow_down(params: number, ring: number, weights: number, output: number): void;
  /** Keeps the best of overlapping boxes; see `asm/nms.ts`. */
  nms(
    boxes: number,
    first: number,
    end: number,
    kept: number,
    indices: number,
    count: number,
    threshold: number,
  ): number;
}

/** `(func (result v128) (f32x4.splat (f32.const 0)))` as a module, then the same with `f32x4.relaxed_madd`. */
const header = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0];
const splatZero = [67, 0, 0, 0, 0, 253, 19];
const relaxedMadd = [253, 133, 2];

function supports(code: readonly number[]): boolean {
  const body = [0, ...code, 11];
  return WebAssembly.validate(
    new Uint8Array([...header, 10, body.length + 2, 1, body.length, ...body]),
  );
}

/**
 * The best build that this host can run.
 *
 * @throws {HostError} If it has no WASM SIMD.
 */
export function detectSimd(): Simd {
  if (supports([...splatZero, ...splatZero, ...splatZero, ...relaxedMadd])) return "relaxed";
  if (supports(splatZero)) return "simd128";
  throw new HostError(
    "Cannot load the kernels: this host has no WebAssembly SIMD; use Deno 2.5, Node 20, or a browser of 2021 or later",
  );
}

/** `(func (export "f") (param f32) (result i32) (i32.reinterpret_f32 (f32.sub (local.get 0) (local.get 0))))` as a module. */
// deno-fmt-ignore
const invalid = [0, 97, 115, 109, 1, 0, 0, 0, 1, 6, 1, 96, 1, 125, 1, 127, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0, 10, 10, 1, 8, 0, 32, 0, 32, 0, 147, 188, 11];

/** The processor: what it gives for infinity less infinity is a negative NaN on x86-64 and a positive one elsewhere. */
export function detectArch(): Arch {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(invalid)));
  return (exports.f as (x: number) => number)(Infinity) < 0 ? "x86-64" : "aarch64";
}

/**
 * The build for this host, or another that it can run: of `simd` and `arch` where they are given. Without relaxed SIMD there is one for all processors.
 *
 * @throws {HostError} If the host has no WASM SIMD.
 */
export function chooseBuild(simd: Simd = detectSimd(), arch?: Arch): Build {
  return { simd, arch: simd === "relaxed" ? arch ?? detectArch() : "x86-64" };
}

const compiled = new Map<string, Promise<WebAssembly.Module>>();

/** Pages that the modules declare as the most their memory may have. */
export const MAX_PAGES = 65536;

/** An unsigned number as LEB128 bytes. */
function leb128(value: number): number[] {
  const bytes = [];
  for (; value > 127; value >>>= 7) bytes.push(value & 127 | 128);
  return [...bytes, value];
}

/**
 * The module for a shared memory of just so many pages. One that could grow would be asked for its size at every access: any thread might have made it larger. The
 * memory is the only import, and its section is shorter than 128 bytes.
 */
function withSharedMemory(bytes: Uint8Array<ArrayBuffer>, pages: number): Uint8Array<ArrayBuffer> {
  const name = new TextEncoder().encode("\x03env\x06memory\x02");
  const section = bytes.findIndex((_, i) => name.every((byte, j) => bytes[i + j] === byte)) - 2;
  const limits = section + 2 + name.length, end = section + 1 + bytes[section];
  // Shared, with a maximum; then least and most pages.
  const fixed = [3, ...leb128(pages), ...leb128(pages)];
  const head = [
    ...bytes.subarray(0, section),
    bytes[section] + fixed.length - (end - limits),
    ...bytes.subarray(section + 1, limits),
    ...fixed,
  ];
  const module = new Uint8Array(head.length + bytes.length - end);
  module.set(head);
  module.set(bytes.subarray(end), head.length);
  return module;
}

/**
 * The module of a build, for an unshared memory, compiled once a process, or for a shared one of just `sharedPages` pages.
 *
 * @throws {HostError} If the host refuses to compile bytes; pass it a module instead.
 */
export function kernelModule(build: Build, sharedPages?: number): Promise<WebAssembly.Module> {
  if (sharedPages !== undefined) return compileBuild(build, sharedPages);
  const key = `${build.simd} ${build.arch}`;
  let module = compiled.get(key);
  if (!module) {
    module = compileBuild(build);
    compiled.set(key, module);
  }
  return module;
}

function importBuild({ simd, arch }: Build): Promise<{ default: string; id: string }> {
  if (simd === "simd128") return import("./kernels_plain.generated.ts");
  if (arch === "aarch64") return import("./kernels_relaxed_aarch64.generated.ts");
  return import("./kernels_relaxed.generated.ts");
}

/** Names the very kernels of a build: programs compiled for others do not fit them. */
export async function kernelsId(build: Build): Promise<string> {
  return (await importBuild(build)).id;
}

/** Decodes base64: at once where the host can, else in a loop, which is ten times as fast as `Uint8Array.from` before V8 optimises it. */
function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const binary = atob(text), bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

async function compileBuild(build: Build, sharedPages?: number): Promise<WebAssembly.Module> {
  const bytes = fromBase64((await importBuild(build)).default);
  try {
    return await WebAssembly.compile(
      sharedPages === undefined ? bytes : withSharedMemory(bytes, sharedPages),
    );
  } catch (cause) {
    throw new HostError(
      `Cannot compile the kernels: ${
        cause instanceof Error ? cause.message : cause
      }; on a host that refuses to compile bytes pass the option wasmModule`,
      { cause },
    );
  }
}

/** Instantiates a module over a memory. */
export async function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): Promise<Kernels> {
  const instance = await WebAssembly.instantiate(module, { env: { memory } });
  return instance.exports as unknown as Kernels;
}
