/**
 * Files of a folder and files that match a glob, for shells that did not expand it.
 *
 * @module
 */

import { globToRegExp, isGlob, join, SEPARATOR_PATTERN } from "@std/path";

export { isGlob };

/** Paths of the files directly in a folder, hidden ones left out. */
export async function expandFolder(folder: string): Promise<string[]> {
  return (await Array.fromAsync(walk(folder, 1))).map((path) => join(folder, path));
}

/** Paths of the files that a glob matches (`*`, `?`, `[a-z]`, `{a,b}`, `**`), hidden ones left out. */
export async function expandGlob(glob: string): Promise<string[]> {
  const segments = glob.split(SEPARATOR_PATTERN);
  const first = segments.findIndex((segment) => isGlob(segment));
  const folder = join(segments.slice(0, first).join("/") || (first > 0 ? "/" : "."));
  const rest = segments.slice(first);
  const pattern = globToRegExp(rest.join("/"));
  const paths = await Array.fromAsync(walk(folder, rest.includes("**") ? Infinity : rest.length));
  return paths.filter((path) => pattern.test(path)).map((path) => join(folder, path));
}

/** Files at most `depth` levels below a folder, as paths relative to it; pipes and devices are none. */
async function* walk(folder: string, depth: number): AsyncGenerator<string> {
  for await (const { name, isFile, isSymlink, isDirectory } of Deno.readDir(folder)) {
    if (name.startsWith(".")) continue;
    if (isFile || isSymlink) yield name;
    else if (isDirectory && depth > 1) {
      for await (const path of walk(join(folder, name), depth - 1)) yield join(name, path);
    }
  }
}
