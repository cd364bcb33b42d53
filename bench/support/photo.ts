/**
 * The photo that benchmarks look at.
 *
 * @module
 */

import { fromFileUrl, resolve } from "@std/path";
import { expandFolder } from "../../src/cli/globs.ts";
import { isPictureName } from "../../src/cli/sources.ts";

/** Absolute path of the photo given, else of the first of the bundled samples. */
export async function photoPath(given: string | undefined): Promise<string> {
  if (given !== undefined) return resolve(given);
  const samples = await expandFolder(fromFileUrl(new URL("../../samples", import.meta.url)));
  return samples.filter(isPictureName).sort()[0];
}
