/**
 * Where photos come from: files, folders, globs, URLs and standard input, each turned into a name and a way to get
 * its bytes.
 *
 * @module
 */

import { ImageError } from "../errors.ts";
import { demand, demandHost } from "./permissions.ts";
import { readFile, type ReadLimit, readStream } from "./read_file.ts";

/** Most bytes read from a URL: 64 MB. */
export const MAX_URL_BYTES = 64_000_000;

/** Most bytes read from a file or standard input: 256 MB. */
export const MAX_FILE_BYTES = 256_000_000;

/** How long a URL may take to deliver its last byte, in milliseconds. */
const URL_TIMEOUT = 30_000;

/** One photo to look at. */
export interface Source {
  /** What reports call it: the path, the URL or `stdin`. */
  readonly name: string;
  /** Path of the file, where it is one. */
  readonly path?: string;
  /** Gets the encoded bytes; rejects with the reason where that fails. */
  read(): Promise<Uint8Array>;
}

/** Whether a name ends as pictures do that can be decoded. */
export function isPictureName(name: string): boolean {
  return /\.(jpe?g|png|webp)$/i.test(name);
}

/** Whether a source is an address on the web. */
export function isUrl(source: string): boolean {
  return /^https?:\/\//i.test(source);
}

/** Name of a source without its folder: `street.jpg` of `photos/street.jpg` and of `https://host/street.jpg?size=2`. */
export function baseName(source: string): string {
  const path = isUrl(source) ? new URL(source).pathname : source;
  return path.replace(Deno.build.os === "windows" ? /^.*[\\/]/s : /^.*\//s, "") || "photo";
}

/** Turns sources as given into photos, in order; what does not exist becomes a photo whose reading fails. */
export async function expandSources(sources: readonly string[]): Promise<Source[]> {
  return (await Promise.all(sources.map(expandSource))).flat();
}

async function expandSource(source: string): Promise<Source[]> {
  if (source === "-") return [{ name: "stdin", read: readStdin }];
  if (isUrl(source)) return [{ name: source, read: () => readUrl(new URL(source)) }];
  try {
    await demand({ name: "read", path: source });
    const info = await Deno.stat(source).catch(notFoundAsUndefined);
    if (info && !info.isDirectory) return [fileSource(source)];
    const { expandFolder, expandGlob, isGlob } = await import("./globs.ts");
    if (!info && !isGlob(source)) throw new ImageError("no such file");
    const paths = info ? await expandFolder(source) : await expandGlob(source);
    const pictures = paths.filter(isPictureName).sort();
    if (pictures.length > 0) return pictures.map(fileSource);
    throw new ImageError(`no pictures (.jpg, .jpeg, .png, .webp) ${info ? "in this folder" : "match"}`);
  } catch (error) {
    return [{ name: source, read: () => Promise.reject(error) }];
  }
}

function notFoundAsUndefined(error: unknown): undefined {
  const absent = error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
  if (!absent) throw error;
}

function fileSource(path: string): Source {
  return { name: path, path, read: () => readFile(path, limitOf(MAX_FILE_BYTES)) };
}

async function readStdin(): Promise<Uint8Array> {
  if (Deno.stdin.isTerminal()) {
    throw new ImageError("standard input is a terminal; give it a picture: detect.ts - < photo.jpg");
  }
  if (Deno.stdin.readable.locked) {
    throw new ImageError("standard input holds one picture, which is read already");
  }
  return await readStream(Deno.stdin.readable, limitOf(MAX_FILE_BYTES));
}

async function readUrl(url: URL): Promise<Uint8Array> {
  await demandHost(url);
  const response = await fetch(url, { signal: AbortSignal.timeout(URL_TIMEOUT) });
  if (!response.ok) {
    await response.body?.cancel();
    throw new ImageError(`the server answered ${response.status} ${response.statusText}`.trimEnd());
  }
  const limit = limitOf(MAX_URL_BYTES);
  if (Number(response.headers.get("content-length")) > limit.bytes) {
    await response.body?.cancel();
    throw limit.exceeded();
  }
  return response.body ? await readStream(response.body, limit) : new Uint8Array();
}

/** So many bytes of a picture. */
function limitOf(bytes: number): ReadLimit {
  const message = `larger than the limit of ${bytes / 1e6} MB`;
  return { bytes, exceeded: () => new ImageError(message, "image_too_large") };
}
