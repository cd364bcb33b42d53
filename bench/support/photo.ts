/**
 * The photo that benchmarks look at.
 *
 * @module
 */

import { fromFileUrl, resolve } from "@std/path";
import { expandFolder } from "../../src/cli/globs.ts";
import { OptionError } from "../../src/errors.ts";
import { isPictureName } from "../../src/cli/sources.ts";

/**
 * Absolute path of the photo given, else of the first of the bundled samples.
 *
 * @throws {OptionError} If there is no such file.
 */
export async function photoPath(given: string | undefined): Promise<string> {
  if (given !== undefined) {
    if ((await Deno.stat(given).catch(() => undefined))?.isFile) return resolve(given);
    throw new OptionError(`${given}: no such file, wanted a photo`);
  }
  const samples = await expandFolder(fromFileUrl(new URL("../../samples", import.meta.url)));
  return samples.filter(isPictureName).sort()[0];
}
