/**
 * Files by their URL.
 *
 * @module
 */

import { concatenate } from "../concatenate.ts";
import { ModelError } from "../errors.ts";
import type { Pair } from "../geometry.ts";
import type { ModelInfo } from "../graph/model_info.ts";

/** Progress of a fetch. */
export interface Progress {
  /** What is being fetched. */
  readonly file: string;
  /** Bytes so far. */
  readonly loaded: number;
  /** Bytes in all, where the server tells. */
  readonly total?: number;
}

/** How to read a model. */
export interface ReadOptions {
  /** What the reader cannot know from the file (name, labels, licence, origin); the file's own words win. */
  readonly info?: Partial<ModelInfo>;
  /** The file of weights, for formats that keep them apart (Darknet, Caffe); fetched from beside the URL when left out. */
  readonly weights?: Uint8Array;
  /** Input height and width, for formats that leave them open or can be told; the file's own when left out. */
  readonly inputSize?: Pair;
  /** Told what a file of weights alone leaves open and is taken as the zoo has it. */
  readonly onAssumption?: (text: string) => void;
  /** Called as bytes arrive. */
  readonly onProgress?: (progress: Progress) => void;
  /** Ends the fetch. */
  readonly signal?: AbortSignal;
}

/** Largest file of a model that is read: 1 GiB. */
export const MAX_MODEL_BYTES = 2 ** 30;

/**
 * Fetches a file (`http:`, `https:`, `data:`, `blob:`; `file:` where the host can).
 *
 * @throws {ModelError} If it cannot be had, or is larger than 1 GiB.
 */
export async function fetchBytes(url: URL, { onProgress, signal }: ReadOptions = {}): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let loaded = 0;
  try {
    const response = await fetch(url, { signal });
    if (!response.ok || !response.body) {
      await response.body?.cancel();
      throw new ModelError(`Cannot fetch ${url}: status ${response.status} ${response.statusText}`.trimEnd());
    }
    const total = Number(response.headers.get("content-length")) || undefined;
    for await (const chunk of response.body) {
      loaded += chunk.length;
      if (loaded > MAX_MODEL_BYTES) {
        throw new ModelError(`Cannot fetch ${url}: it is larger than ${MAX_MODEL_BYTES} bytes`);
      }
      chunks.push(chunk);
      onProgress?.({ file: url.href, loaded, total });
    }
  } catch (cause) {
    if (signal?.aborted || cause instanceof ModelError) throw cause;
    const reason = cause instanceof Error ? cause.message : cause;
    throw new ModelError(`Cannot fetch ${url}: ${reason}`, "bad_model", { cause });
  }
  return chunks.length === 1 ? chunks[0] : concatenate(chunks);
}
