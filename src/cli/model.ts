/**
 * What `--model` names: a model of the zoo, or a file.
 *
 * @module
 */

import { DEFAULT_MODEL } from "../../models/zoo.ts";
import type { GraphSource } from "../detection/load.ts";
import { ModelError } from "../errors.ts";
import { demand } from "./permissions.ts";

/** Whether `--model` names a file rather than a model of the zoo. */
export function isModelFile(model: string): boolean {
  return /[\\/]|\.(safetensors|json)$/i.test(model);
}

/**
 * Gets a model ready for loading; fetches the weights of the zoo's models where they are missing.
 *
 * @throws {ModelError} If there is no such model or file, or the weights cannot be had.
 */
export async function openModel(
  model: string | undefined,
  { quiet }: { quiet: boolean },
): Promise<GraphSource> {
  if (model !== undefined && isModelFile(model)) return await openFile(model);
  const { ensureModel } = await import("./weights.ts");
  return await ensureModel(model ?? DEFAULT_MODEL, { quiet });
}

async function openFile(path: string): Promise<GraphSource> {
  await demand({ name: "read", path });
  if (/\.json$/i.test(path)) return new URL(path, `file://${Deno.cwd()}/`);
  try {
    return await Deno.readFile(path);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new ModelError(`${path}: no such file`, "unknown_model", { cause });
  }
}
