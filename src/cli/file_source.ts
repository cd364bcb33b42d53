/**
 * A compiled program's file, read on demand.
 *
 * @module
 */

import type { ByteSource } from "../compiler/program_file.ts";
import { ModelError } from "../errors.ts";

/**
 * A file as a source. Every read opens it anew: reads of one open file wait for each other.
 *
 * @throws {Deno.errors.NotFound} If there is none.
 */
export function fileSource(path: string): ByteSource {
  return {
    size: Deno.statSync(path).size,
    async read(at, into) {
      using file = Deno.openSync(path);
      file.seekSync(at, Deno.SeekMode.Start);
      for (let done = 0; done < into.length;) {
        const count = await file.read(into.subarray(done));
        if (count === null) {
          throw new ModelError("Cannot read compiled program: the file ends early; compile it again");
        }
        done += count;
      }
    },
  };
}
