/**
 * Where fetched model files are kept, and how they get there and back whole.
 *
 * @module
 */

import { fromFileUrl, join, resolve } from "@std/path";
import { weightsUrl } from "../../models/zoo.ts";
import { demand, isGranted, PermissionError } from "./permissions.ts";

/** A file as it ought to be. */
export interface Expected {
  /** Length in bytes. */
  readonly bytes: number;
  /** SHA-256 in hexadecimal. */
  readonly sha256: string;
}

/** What the cache has: the file's bytes, or why there are none that may be used. */
export type Cached =
  | { readonly state: "whole"; readonly data: Uint8Array }
  | { readonly state: "missing" }
  | { readonly state: "corrupt"; readonly reason: string };

/** Hexadecimal SHA-256. */
export async function sha256(data: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", data as Uint8Array<ArrayBuffer>));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * The root folder of the clone that this program runs from; `undefined` where it runs from a URL or a package.
 *
 * @throws {PermissionError} If the folder may not be read.
 */
export async function cloneRoot(): Promise<string | undefined> {
  const weights = weightsUrl("any");
  if (weights.protocol !== "file:" || weights.pathname.includes("/node_modules/")) return undefined;
  const root = fromFileUrl(new URL("..", weights));
  const config = join(root, "deno.json");
  await demand({ name: "read", path: config });
  try {
    await Deno.stat(config);
    return root;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/**
 * The folder of model files: `SIMDET_CACHE` where the environment may be read, else `weights` in a clone, else the platform's cache folder.
 *
 * @throws {PermissionError} If finding it takes a permission that is missing.
 */
export async function cacheFolder(): Promise<string> {
  const chosen = await variable("SIMDET_CACHE");
  if (chosen !== undefined) return resolve(chosen);
  const root = await cloneRoot();
  return root === undefined ? await platformCache() : join(root, "weights");
}

async function platformCache(): Promise<string> {
  const { os } = Deno.build;
  const places = os === "windows"
    ? [["LOCALAPPDATA"]]
    : os === "darwin"
    ? [["HOME", "Library/Caches"]]
    : [["XDG_CACHE_HOME"], ["HOME", ".cache"]];
  for (const [name, ...below] of places) {
    const base = await variable(name);
    if (base !== undefined) return join(base, ...below, "simdet");
  }
  throw new PermissionError("env");
}

/** An environment variable; `undefined` where it is unset, empty, or may not be read. */
async function variable(name: string): Promise<string | undefined> {
  return await isGranted({ name: "env", variable: name }) ? Deno.env.get(name) || undefined : undefined;
}

/** Reads a file and checks that it is whole: what was cut short is told by its length, what was altered by its hash. */
export async function readWhole(path: string, expected: Expected): Promise<Cached> {
  let data: Uint8Array;
  try {
    const { size } = await Deno.stat(path);
    if (size !== expected.bytes) {
      return { state: "corrupt", reason: `it has ${size} bytes, wanted ${expected.bytes}` };
    }
    data = await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { state: "missing" };
    throw error;
  }
  const hash = await sha256(data);
  if (hash === expected.sha256) return { state: "whole", data };
  return { state: "corrupt", reason: `its SHA-256 is ${hash}, wanted ${expected.sha256}` };
}

/**
 * Writes a file so that its name never stands for half of it, whenever the program or the machine ends and however many write at once:
 * under a name of its own, flushed to disk, then renamed. Folders are made as needed.
 */
export async function writeWhole(path: string, data: Uint8Array): Promise<void> {
  await Deno.mkdir(resolve(path, ".."), { recursive: true });
  const part = `${path}.${crypto.randomUUID()}.part`;
  try {
    {
      using file = await Deno.open(part, { write: true, createNew: true });
      for (let at = 0; at < data.length;) at += await file.write(data.subarray(at));
      await file.sync();
    }
    await Deno.rename(part, path);
  } catch (error) {
    await Deno.remove(part).catch(() => {});
    throw error;
  }
}
