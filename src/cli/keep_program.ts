/**
 * Compiles fetched weights and keeps the program beside them.
 *
 * @module
 */

import type { ZooEntry } from "../../models/zoo.ts";
import { writeWhole } from "./cache.ts";
import { isGranted } from "./permissions.ts";

/** What tells one state of a weights file from another without reading it: its length and the time of its last change. */
export async function stampOf(path: string): Promise<string | undefined> {
  try {
    const { size, mtime } = await Deno.stat(path);
    return `${size} ${mtime?.getTime()}`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Where the program of a weights file is kept. */
export function programPath(weights: string): string {
  return weights.replace(/safetensors$/, "program");
}

/** Compiles the weights at a path and keeps the program beside them, where the folder may be written. */
export async function keepProgram(
  { name }: ZooEntry,
  data: Uint8Array,
  weights: string,
): Promise<Uint8Array | undefined> {
  const path = programPath(weights);
  if (!await isGranted({ name: "write", path })) return undefined;
  const [{ takingBytes }, { readModel }, { compileModel }] = await Promise.all([
    import("../detection/load.ts"),
    import("../detection/read_model.ts"),
    import("../runtime/compile_model.ts"),
  ]);
  const program = await compileModel(await takingBytes(await readModel(data, { info: { name } })), {
    source: await stampOf(weights),
  });
  await writeWhole(path, program).catch(() => {});
  return program;
}
