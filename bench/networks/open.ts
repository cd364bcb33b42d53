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

/**
 * A model file, a model of the zoo whose weights are fetched, or a network of the zoo with invented weights, which take as long as trained ones.
 *
 * @throws {ModelError} If there is no such file or model.
 */
export async function openGraph(model: string, { quiet }: { quiet: boolean }): Promise<Graph> {
  if (isModelFile(model) || ZOO.some(({ name }) => name === model)) {
    return await loadGraph(await openModel(model, { quiet }));
  }
  return buildModel(model);
}
