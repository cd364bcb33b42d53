/**
 * Reads a model of any known format: looks at its first bytes and hands over.
 *
 * @module
 */

import { ModelError } from "../errors.ts";
import type { Pair } from "../geometry.ts";
import type { Graph } from "../graph/graph.ts";
import type { ModelInfo } from "../graph/model_info.ts";
import { isPrototxt, readCaffe } from "./caffe.ts";
import { isDarknet, readDarknet } from "./darknet.ts";
import { isOnnx, readOnnx } from "./onnx.ts";
import { isSafetensors, parseSafetensors, toGraph } from "./safetensors.ts";
import { type StateDict, stripWrappers } from "./state_dict.ts";
import { isTfjs, readTfjs } from "./tfjs.ts";
import { isTorch, readStateDict } from "./torch.ts";

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
 * Reads a model file: a graph, or the weights alone where the file has no more.
 *
 * @throws {ModelError} If the file is broken or of no known format.
 * @throws {GraphError} If its graph is not legal.
 */
export async function readFile(
  source: Uint8Array | URL | string,
  options: ReadOptions = {},
): Promise<Graph | StateDict> {
  const url = source instanceof Uint8Array ? undefined : parseUrl(source);
  const bytes = source instanceof Uint8Array ? source : await fetchBytes(url!, options);
  if (isSafetensors(bytes)) {
    const file = parseSafetensors(bytes);
    if (!("graph" in file.metadata)) return stripWrappers(file.tensors);
    const graph = toGraph(file);
    return options.info ? { ...graph, info: { ...options.info, ...graph.info } } : graph;
  }
  if (isTorch(bytes)) return readStateDict(bytes);
  if (isOnnx(bytes)) {
    return readOnnx(bytes, { info: { name: stemOf(url), ...options.info }, inputSize: options.inputSize });
  }
  const text = beginsLikeText(bytes) ? new TextDecoder().decode(bytes) : "";
  if (isDarknet(text)) {
    const weights = options.weights ?? await fetchBeside(url, /\.cfg$/i, ".weights", options);
    return readDarknet(text, weights, {
      info: { name: stemOf(url), ...options.info },
      inputSize: options.inputSize,
    });
  }
  if (isPrototxt(text)) {
    const weights = options.weights ?? await fetchBeside(url, /\.prototxt$/i, ".caffemodel", options);
    return readCaffe(text, weights, {
      info: { name: stemOf(url), ...options.info },
      inputSize: options.inputSize,
    });
  }
  const json = parseJson(bytes);
  if (!isTfjs(json)) {
    const head = Array.from(bytes.subarray(0, 8), (b) => b.toString(16).padStart(2, "0")).join(" ");
    throw new ModelError(
      `Cannot read model: it begins with ${
        head || "nothing"
      }, wanted a .safetensors file, an ONNX file, a PyTorch state dict, a Darknet .cfg, a Caffe .prototxt or a TensorFlow.js model.json`,
    );
  }
  const readShard = (path: string) => {
    if (!url) {
      throw new ModelError("Cannot read model.json from bytes alone: pass its URL, its shards lie beside it");
    }
    return fetchBytes(shardUrl(path, url), options);
  };
  return readTfjs(json, readShard, { name: nameOf(url), ...options.info }, options.inputSize);
}

/**
 * Where a shard lies: in the folder of its model.json.
 *
 * @throws {ModelError} If it is elsewhere: a model from one place is not to have files of another read.
 */
function shardUrl(path: string, model: URL): URL {
  const folder = URL.parse(".", model)?.href, shard = URL.parse(path, model);
  if (folder === undefined || !shard?.href.startsWith(folder)) {
    throw new ModelError(
      `Cannot read model.json: its shard ${JSON.stringify(path.slice(0, 200))} does not lie in ${
        folder ?? "a folder"
      }`,
    );
  }
  return shard;
}

/** Whether bytes are likely text: no control characters among the first. */
function beginsLikeText(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 256).every((byte) => byte >= 0x20 || byte === 9 || byte === 10 || byte === 13);
}

/** The file of the same name with another ending. */
async function fetchBeside(
  url: URL | undefined,
  ending: RegExp,
  other: string,
  options: ReadOptions,
): Promise<Uint8Array> {
  if (!url || !ending.test(url.pathname)) {
    throw new ModelError(
      `Cannot read model from this file alone: pass the ${other} file as the option weights, or the URL of one that has it beside it`,
    );
  }
  const beside = new URL(url);
  beside.pathname = beside.pathname.replace(ending, other);
  try {
    return await fetchBytes(beside, options);
  } catch (cause) {
    if (!(cause instanceof ModelError)) throw cause;
    throw new ModelError(
      `${cause.message}; the weights of ${url} must lie there, or be passed (option weights, --weights)`,
      "bad_model",
      { cause },
    );
  }
}

/** The file's name without its ending. */
function stemOf(url: URL | undefined): string {
  return url?.pathname.split("/").at(-1)?.replace(/\.\w+$/, "") || "model";
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
