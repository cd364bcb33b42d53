/**
 * Compiled programs of the zoo's models, kept beside their weights: a start from one needs a third of the time and memory. They hold nothing that the
 * weights do not: one that is missing, damaged, or older than the weights or the release is passed over, and made anew where the folder may be written.
 *
 * @module
 */

import { join } from "@std/path";
import { DEFAULT_MODEL, findModel } from "../../models/zoo.ts";
import { type ByteSource, decodeProgram } from "../compiler/program_file.ts";
import { ModelError } from "../errors.ts";
import { cacheFolder } from "./cache.ts";
import { keepProgram, programPath, stampOf } from "./keep_program.ts";
import { ensureEntry, type EnsureOptions } from "./weights.ts";

/** A file, read on demand. */
class FileSource implements ByteSource, Disposable {
  readonly size: number;
  readonly #file: Deno.FsFile;

  constructor(path: string) {
    this.#file = Deno.openSync(path);
    this.size = this.#file.statSync().size;
  }

  read(at: number, into: Uint8Array): void {
    this.#file.seekSync(at, Deno.SeekMode.Start);
    for (let done = 0; done < into.length;) {
      const count = this.#file.readSync(into.subarray(done));
      if (count === null) {
        throw new ModelError("Cannot read compiled program: the file ends early; compile it again");
      }
      done += count;
    }
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/** Runs `use` on a model's program: the one in the cache if it fits the weights beside it, else one made from these. */
export async function withProgram<T>(
  name: string = DEFAULT_MODEL,
  options: EnsureOptions,
  use: (source: ByteSource | Uint8Array) => Promise<T>,
): Promise<T> {
  const entry = findModel(name);
  const folder = options.folder ?? await cacheFolder();
  const weights = join(folder, `${entry.name}.safetensors`);
  const stamp = await stampOf(weights);
  if (stamp !== undefined) {
    try {
      using source = new FileSource(programPath(weights));
      if (decodeProgram(source).source === stamp) return await use(source);
    } catch (error) {
      // A program that cannot be used is no loss: the weights are.
      if (!(error instanceof Deno.errors.NotFound || error instanceof ModelError)) throw error;
    }
  }
  const data = await ensureEntry(entry, { ...options, folder });
  const program = await keepProgram(entry, data, weights);
  return await use(program ?? data);
}
