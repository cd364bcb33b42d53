/**
 * Reads a model of any known format: looks at its first bytes and hands over.
 *
 * @module
 */

import { ModelError } from "../errors.ts";
import type { Graph } from "../graph/graph.ts";
import type { ModelInfo } from "../graph/model_info.ts";
import { isSafetensors, readSafetensors } from "./safetensors.ts";
import { isTfjs, readTfjs } from "./tfjs.ts";

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
  /** Called as bytes arrive. */
  readonly onProgress?: (progress: Progress) => void;
  /** Ends the fetch. */
  readonly signal?: AbortSignal;
}

/** Largest model that is fetched: 1 GiB. */
const MAX_BYTES = 2 ** 30;

/**
 * Fetches a file (`http:`, `https:`, `data:`, `blob:`; `file:` where the host can).
 *
 * @throws {ModelError} If it cannot be had, or is larger than 1 GiB.
 */
export async function fetchBytes(url: URL, { onProgress, signal }: ReadOptions = {}): Promise<Uint8Array> {
  let response: Response;
  try {
    response = await fetch(url, { signal });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new ModelError(
      `Cannot fetch ${url}: ${cause instanceof Error ? cause.message : cause}`,
      "bad_model",
      { cause },
    );
  }
  if (!response.ok || !response.body) {
    await response.body?.cancel();
    throw new ModelError(`Cannot fetch ${url}: status ${response.status} ${response.statusText}`.trimEnd());
  }
  const total = Number(response.headers.get("content-length")) || undefined;
  const chunks: Uint8Array[] = [];
  let loaded = 0;
  for await (const chunk of response.body) {
    loaded += chunk.length;
    if (loaded > MAX_BYTES) throw new ModelError(`Cannot fetch ${url}: it is larger than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
    onProgress?.({ file: url.href, loaded, total });
  }
  if (chunks.length === 1) return chunks[0];
  const bytes = new Uint8Array(loaded);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/**
 * Reads a model: our `.safetensors`, or a TensorFlow.js `model.json` (by URL, its shards beside it).
 *
 * ```ts
 * import { readModel } from "./mod.ts";
 *
 * export const graph = () => readModel(new URL("https://example.com/street.safetensors"));
 * ```
 *
 * @throws {ModelError} If the file is broken or of no known format.
 * @throws {GraphError} If its graph is not legal.
 */
export async function readModel(
  source: Uint8Array | URL | string,
  options: ReadOptions = {},
): Promise<Graph> {
  const url = source instanceof Uint8Array ? undefined : parseUrl(source);
  const bytes = source instanceof Uint8Array ? source : await fetchBytes(url!, options);
  if (isSafetensors(bytes)) {
    const graph = readSafetensors(bytes);
    return options.info ? { ...graph, info: { ...options.info, ...graph.info } } : graph;
  }
  const json = parseJson(bytes);
  if (!isTfjs(json)) {
    const head = Array.from(bytes.subarray(0, 8), (b) => b.toString(16).padStart(2, "0")).join(" ");
    throw new ModelError(
      `Cannot read model: it begins with ${
        head || "nothing"
      }, wanted a .safetensors file or a TensorFlow.js model.json`,
    );
  }
  const readShard = (path: string) => {
    if (!url) {
      throw new ModelError("Cannot read model.json from bytes alone: pass its URL, its shards lie beside it");
    }
    return fetchBytes(new URL(path, url), options);
  };
  return readTfjs(json, readShard, { name: nameOf(url), ...options.info });
}

function parseUrl(source: URL | string): URL {
  try {
    return new URL(source);
  } catch {
    throw new ModelError(
      `Cannot read model "${source}": it is not a URL; pass bytes, or a URL such as file:///…`,
    );
  }
}

function nameOf(url: URL | undefined): string {
  const parts = url?.pathname.split("/").filter((part) => part !== "") ?? [];
  return parts.at(-2) ?? "model";
}

function parseJson(bytes: Uint8Array): unknown {
  if (bytes[0] !== 0x7b) return undefined;
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new ModelError(
      `Cannot read model: it begins like JSON but is not: ${cause instanceof Error ? cause.message : cause}`,
      "bad_model",
      { cause },
    );
  }
}
