/**
 * Reads a model of a format of others: looks at its first bytes and hands over.
 *
 * @module
 */

import { ModelError } from "../errors.ts";
import type { Graph } from "../graph/graph.ts";
import { isPrototxt, readCaffe } from "./caffe.ts";
import { isDarknet, readDarknet } from "./darknet.ts";
import { fetchBytes, type ReadOptions } from "./fetch.ts";
import { isOnnx, readOnnx } from "./onnx.ts";
import type { StateDict } from "./state_dict.ts";
import { isTfjs, readTfjs } from "./tfjs.ts";
import { isTorch, readStateDict } from "./torch.ts";

/**
 * Reads a model file that is not ours, from a URL or from none.
 *
 * @throws {ModelError} If the file is broken or of no known format.
 * @throws {GraphError} If its graph is not legal.
 */
export async function readForeign(
  bytes: Uint8Array,
  url: URL | undefined,
  options: ReadOptions,
): Promise<Graph | StateDict> {
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
