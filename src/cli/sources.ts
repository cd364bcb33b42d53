/**
 * Where photos come from: files, folders, globs, URLs and standard input, each turned into a name and a way to get
 * its bytes.
 *
 * @module
 */

import { ImageError } from "../errors.ts";
import { demand, demandHost } from "./permissions.ts";

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
  return { name: path, path, read: () => readFile(path) };
}

async function readFile(path: string): Promise<Uint8Array> {
  const info = await Deno.stat(path);
  if (info.isFile && info.size <= MAX_FILE_BYTES) return await Deno.readFile(path);
  if (info.isFile) throw tooLarge(MAX_FILE_BYTES);
  using file = await Deno.open(path);
  return await readLimited(file.readable, MAX_FILE_BYTES);
}

async function readStdin(): Promise<Uint8Array> {
  if (Deno.stdin.isTerminal()) {
    throw new ImageError("standard input is a terminal; give it a picture: detect.ts - < photo.jpg");
  }
  if (Deno.stdin.readable.locked) {
    throw new ImageError("standard input holds one picture, which is read already");
  }
  return await readLimited(Deno.stdin.readable, MAX_FILE_BYTES);
}

async function readUrl(url: URL): Promise<Uint8Array> {
  await demandHost(url);
  const response = await fetch(url, { signal: AbortSignal.timeout(URL_TIMEOUT) });
  if (!response.ok) {
    await response.body?.cancel();
    throw new ImageError(`the server answered ${response.status} ${response.statusText}`.trimEnd());
  }
  if (Number(response.headers.get("content-length")) > MAX_URL_BYTES) {
    await response.body?.cancel();
    throw tooLarge(MAX_URL_BYTES);
  }
  return response.body ? await readLimited(response.body, MAX_URL_BYTES) : new Uint8Array();
}

async function readLimited(stream: ReadableStream<Uint8Array>, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.length;
    if (length > limit) throw tooLarge(limit);
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

function tooLarge(limit: number): ImageError {
  return new ImageError(`larger than the limit of ${limit / 1e6} MB`, "image_too_large");
}
