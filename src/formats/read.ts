/**
 * Reads a model of any known format.
 *
 * @module
 */

import { ModelError } from "../errors.ts";
import type { Graph } from "../graph/graph.ts";
import { fetchBytes, type ReadOptions } from "./fetch.ts";
import { isSafetensors, parseSafetensors, toGraph } from "./safetensors.ts";
import { type StateDict, stripWrappers } from "./state_dict.ts";

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
  // Our own models start without the readers of others.
  const { readForeign } = await import("./foreign.ts");
  return await readForeign(bytes, url, options);
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
