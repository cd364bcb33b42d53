/**
 * Loads the kernels: picks the build that the host can run and instantiates it over a memory.
 *
 * @module
 */

import { HostError } from "../errors.ts";

/** Which build of the kernels runs. */
export type Simd = "simd128" | "relaxed";

/** The functions of a build; addresses are bytes in its memory. */
export interface Kernels {
  /** Runs the commands in [begin, end). */
  run(begin: number, end: number): void;
  /** Runs `rounds` times 48 multiply-adds `a * scale + shift`. */
  peak(rounds: number, scale: number, shift: number): number;
  /** Resizes two source rows to one row of the input tensor; see `asm/resize_row.ts`. */
  resize_row(
    top: number,
    bottom: number,
    ratio: number,
    columns: number,
    width: number,
    affine: number,
    output: number,
  ): void;
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

const compiled = new Map<Simd, Promise<WebAssembly.Module>>();

/**
 * The module of a build, compiled once a process.
 *
 * @throws {HostError} If the host refuses to compile bytes; pass it a module instead.
 */
export function kernelModule(simd: Simd): Promise<WebAssembly.Module> {
  let module = compiled.get(simd);
  if (!module) {
    module = (async () => {
      const { default: base64 } = simd === "relaxed"
        ? await import("./kernels_relaxed.generated.ts")
        : await import("./kernels_plain.generated.ts");
      const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
      try {
        return await WebAssembly.compile(bytes);
      } catch (cause) {
        throw new HostError(
          `Cannot compile the kernels: ${
            cause instanceof Error ? cause.message : cause
          }; on a host that refuses to compile bytes pass the option wasmModule`,
          { cause },
        );
      }
    })();
    compiled.set(simd, module);
  }
  return module;
}

/** Instantiates a module over a memory. */
export async function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): Promise<Kernels> {
  const instance = await WebAssembly.instantiate(module, { env: { memory } });
  return instance.exports as unknown as Kernels;
}
