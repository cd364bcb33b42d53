/**
 * What a benchmark's argument names, as a graph.
 *
 * @module
 */

import { buildModel } from "../../models/build.ts";
import { ZOO } from "../../models/zoo.ts";
import { isModelFile, openModel } from "../../src/cli/model.ts";
import { loadGraph } from "../../src/detection/load.ts";
import type { Graph } from "../../src/graph/graph.ts";

/** What of an argument names a network, and the side of its input where that follows: `cspresnext50@224`. */
export function splitSize(model: string): { name: string; inputSize?: number } {
  const [, name, size] = /^(.+)@(\d+)$/.exec(model) ?? [];
  return size === undefined ? { name: model } : { name, inputSize: Number(size) };
}

/**
 * A model file, a model of the zoo whose weights are fetched, or a network of the zoo with invented weights, which take as long as trained ones; the last
 * of another input than its own where `@SIZE` follows.
 *
 * @throws {ModelError} If there is no such file or model.
 */
export async function openGraph(model: string, { quiet }: { quiet: boolean }): Promise<Graph> {
  if (isModelFile(model) || ZOO.some(({ name }) => name === model)) {
    return await loadGraph(await openModel(model, { quiet }));
  }
  const { name, ...options } = splitSize(model);
  return buildModel(name, options);
}
