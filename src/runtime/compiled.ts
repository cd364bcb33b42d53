/**
 * Compiled programs meet their host: the build of the kernels they want, and whether they arrived whole.
 *
 * @module
 */

import { type Program, regionsOf } from "../compiler/memory_map.ts";
import type { CompiledModel } from "../compiler/program_file.ts";
import { ModelError } from "../errors.ts";
import { type Build, chooseBuild, type Kernels, kernelsId } from "./kernels.ts";

/** Bytes of which a checksum is taken at once. V8 replaces a function by its optimised code between calls, never inside one. */
const PIECE = 2 ** 18;

/** The checksum of a program's constants and commands where they lie. */
export function checksumOf(kernels: Kernels, program: Program): number {
  let sum = 0;
  for (const [begin, end] of regionsOf(program)) {
    for (let at = begin; at < end; at += PIECE) {
      sum = Math.imul(sum, 31) + kernels.checksum(at, Math.min(at + PIECE, end)) | 0;
    }
  }
  return sum;
}

/**
 * The build that a compiled program runs on.
 *
 * @throws {ModelError} If it was compiled for another processor or other kernels than this host and release have.
 */
export async function buildOf({ target }: CompiledModel): Promise<Build> {
  const host = chooseBuild();
  const build: Build = { simd: target.simd === "simd128" ? "simd128" : "relaxed", arch: target.arch };
  if (build.arch !== host.arch || (build.simd === "relaxed" && host.simd !== "relaxed")) {
    throw new ModelError(
      `Cannot run compiled program: it is for ${target.arch} (${target.simd}), this host is ${host.arch} (${host.simd}); compile it here`,
    );
  }
  const id = await kernelsId(build);
  if (target.kernels !== id) {
    throw new ModelError(
      `Cannot run compiled program: it is for the kernels ${target.kernels}, this release has ${id}; compile it again`,
    );
  }
  return build;
}

/**
 * Checks that a program lies in memory as it was compiled.
 *
 * @throws {ModelError} If it was damaged.
 */
export function verify(kernels: Kernels, { program, checksum }: CompiledModel): void {
  const found = checksumOf(kernels, program);
  if (found !== checksum) {
    throw new ModelError(
      `Cannot run compiled program: its checksum is ${found}, wanted ${checksum}; the file is damaged, compile it again`,
    );
  }
}
