/**
 * Files and streams of unknown length, never more of them than a limit.
 *
 * @module
 */

import { concatenate } from "../concatenate.ts";

/** Most that is read, and the error for more. */
export interface ReadLimit {
  /** Most bytes. */
  readonly bytes: number;
  /** Made where there are more. */
  exceeded(): Error;
}

/** Reads a file; of a pipe or device what comes out of it. */
export async function readFile(path: string, limit: ReadLimit): Promise<Uint8Array> {
  const { isFile, size } = await Deno.stat(path);
  if (isFile && size <= limit.bytes) return await Deno.readFile(path);
  if (isFile) throw limit.exceeded();
  using file = await Deno.open(path);
  return await readStream(file.readable, limit);
}

/** Reads a stream to its end. */
export async function readStream(stream: ReadableStream<Uint8Array>, limit: ReadLimit): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    length += chunk.length;
    if (length > limit.bytes) throw limit.exceeded();
    chunks.push(chunk);
  }
  return concatenate(chunks);
}
