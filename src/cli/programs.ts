/**
 * Compiled programs of the zoo's models, kept beside their weights: a start from one needs a third of the time and memory. They hold nothing that the
 * weights do not: one that is missing, damaged, or older than the weights or the release is passed over, and made anew where the folder may be written.
 *
 * @module
 */

import { join } from "@std/path";
import { DEFAULT_MODEL, findModel, type ZooEntry } from "../../models/zoo.ts";
import { type CompiledModel, decodeProgram } from "../compiler/program_file.ts";
import { ModelError } from "../errors.ts";
import { buildOf } from "../runtime/compiled.ts";
import { cacheFolder } from "./cache.ts";
import { fileSource } from "./file_source.ts";
import { keepProgram, programPath, stampOf } from "./keep_program.ts";
import { isGranted } from "./permissions.ts";
import { ensureEntry, type EnsureOptions } from "./weights.ts";
import "./toolchain.ts";

/** Runs `use` on a model's program: the one in the cache if it fits the weights beside it, else one made from these. */
export async function withProgram<T>(
  name: string = DEFAULT_MODEL,
  options: EnsureOptions,
  use: (model: CompiledModel | Uint8Array) => Promise<T>,
): Promise<T> {
  const entry = findModel(name);
  const folder = options.folder ?? await cacheFolder();
  const weights = weightsPath(entry, folder);
  const stamp = await stampOf(weights);
  if (stamp !== undefined) {
    try {
      const model = await decodeProgram(fileSource(programPath(weights)));
      if (model.source === stamp) return await use(model);
    } catch (error) {
      if (!isNoLoss(error)) throw error;
    }
  }
  const data = await ensureEntry(entry, { ...options, folder });
  const program = await keepProgram(entry, data, weights);
  return await use(program ?? data);
}

/**
 * The weights of a model, for those who compile them for themselves. The program beside them is made anew where it does not fit them or this release: who
 * would run it next may not be allowed to.
 */
export async function weightsWithProgram(
  name: string = DEFAULT_MODEL,
  options: EnsureOptions,
): Promise<Uint8Array> {
  const entry = findModel(name);
  const folder = options.folder ?? await cacheFolder();
  const weights = weightsPath(entry, folder);
  const data = await ensureEntry(entry, { ...options, folder });
  const mayRenew = await isGranted({ name: "write", path: programPath(weights) });
  if (mayRenew && !await isCurrent(weights)) await keepProgram(entry, data, weights);
  return data;
}

/** Whether the program beside a weights file fits it, this host and this release. */
async function isCurrent(weights: string): Promise<boolean> {
  try {
    const model = await decodeProgram(fileSource(programPath(weights)));
    await buildOf(model);
    return model.source === await stampOf(weights);
  } catch (error) {
    if (!isNoLoss(error)) throw error;
    return false;
  }
}

function weightsPath({ name }: ZooEntry, folder: string): string {
  return join(folder, `${name}.safetensors`);
}

/** Whether an error says that a program cannot be used, which is no loss: the weights are there. */
function isNoLoss(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof ModelError;
}
