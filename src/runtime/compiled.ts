/**
 * Compiled programs meet their host: the build of the kernels they want, and whether they arrived whole.
 *
 * @module
 */

import { piecesOf, type Program } from "../compiler/memory_map.ts";
import type { CompiledModel } from "../compiler/program_file.ts";
import { ModelError } from "../errors.ts";
import { type Build, chooseBuild, type Kernels, kernelsId } from "./kernels.ts";

/** One checksum of those of all pieces, in their order. */
function combine(sums: readonly number[]): number {
  return sums.reduce((all, sum) => Math.imul(all, 31) + sum | 0, 0);
}

/** The checksum of a program's constants and commands where they lie. */
export function checksumOf(kernels: Kernels, program: Program): number {
  return combine(piecesOf(program).map(({ begin, end }) => kernels.checksum(begin, end)));
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
 * Writes a program into memory, and checks each piece as it arrives while the next are read.
 *
 * @throws {ModelError} If it was damaged.
 */
export async function writeChecked(
  { program, checksum }: CompiledModel,
  memory: ArrayBufferLike,
  kernels: Promise<Kernels>,
): Promise<void> {
  const sums = new Map<number, number>();
  await program.write(memory, async ({ begin, end }) => {
    sums.set(begin, (await kernels).checksum(begin, end));
  });
  const found = combine(piecesOf(program).map(({ begin }) => sums.get(begin)!));
  if (found !== checksum) {
    throw new ModelError(
      `Cannot run compiled program: its checksum is ${found}, wanted ${checksum}; the file is damaged, compile it again`,
    );
  }
}
