/**
 * Reads TensorFlow.js graph models: `model.json` and its weight shards.
 *
 * @module
 */

import { ModelError } from "../errors.ts";
import { GraphBuilder } from "../graph/builder.ts";
import type { Graph } from "../graph/graph.ts";
import type { ModelInfo } from "../graph/model_info.ts";
import { isRecord, parseNodes, parseWeights, type TfGraph } from "./tensorflow/graph_def.ts";
import { type TfValue, translate, Translator } from "./tensorflow/operators.ts";
import { type RecognisedHeads, recogniseHeads } from "./tensorflow/postprocessing.ts";
import { recognisePreprocessing } from "./tensorflow/preprocessing.ts";

/** Reads one weight shard, named as in the manifest. */
export type ReadShard = (path: string) => Uint8Array | Promise<Uint8Array>;

/** Most shards a manifest may name. */
const MAX_SHARDS = 1024;

/** Whether parsed JSON looks like a TensorFlow.js model. */
export function isTfjs(json: unknown): json is Record<string, unknown> {
  return isRecord(json) && "modelTopology" in json && "weightsManifest" in json;
}

/**
 * Reads a graph model. Resizing and normalisation at its start and box decoding at its end are recognised and leave the graph: its input is the
 * normalised picture `[1, h, w, 3]`, its outputs the raw heads, under the names of the nodes that make them.
 *
 * @throws {ModelError} If a file is broken, or an operator is not supported.
 */
export async function readTfjs(json: unknown, readShard: ReadShard, info: ModelInfo): Promise<Graph> {
  if (!isTfjs(json)) {
    throw new ModelError("Cannot read model.json: modelTopology or weightsManifest is missing");
  }
  const nodes = parseNodes(json.modelTopology);
  const manifest = json.weightsManifest;
  if (!Array.isArray(manifest)) throw new ModelError("Cannot read model.json: weightsManifest is not a list");
  const paths = manifest.map((group: unknown) =>
    isRecord(group) && Array.isArray(group.paths) ? group.paths.map(String) : []
  );
  if (paths.flat().length > MAX_SHARDS) {
    throw new ModelError(
      `Cannot read model.json: it names ${paths.flat().length} shards, at most ${MAX_SHARDS} are read`,
    );
  }
  const shards = await Promise.all(paths.map((group) => Promise.all(group.map((path) => readShard(path)))));
  return build({ nodes, constants: parseWeights(manifest, shards) }, info);
}

function build(graph: TfGraph, info: ModelInfo): Graph {
  const builder = new GraphBuilder();
  const translator = new Translator(builder);
  const values = new Map<string, TfValue>();
  const start = recognisePreprocessing(graph);
  if (start) {
    const { height, width } = start.preprocessing;
    const shape = [1, height, width, 3];
    values.set(start.node, { kind: "computed", name: builder.input(start.node, shape), shape });
  }
  const heads = recogniseHeads(graph);
  const outputs = heads ? [heads.boxes, heads.scores] : sinks(graph);
  for (const output of outputs) {
    for (const name of dependencies(graph, output, values)) {
      const node = graph.nodes.get(name)!;
      const constant = graph.constants.get(name);
      if (constant) values.set(name, { kind: "constant", name, tensor: constant });
      else if (node.op === "Placeholder") values.set(name, placeholder(node, builder));
      else {
        const inputs = node.inputs.map((input) => {
          if (input.output !== 0) {
            throw new ModelError(
              `Cannot read node "${name}": output ${input.output} of "${input.node}" is not supported`,
            );
          }
          return values.get(input.node)!;
        });
        values.set(name, translate(node, inputs, translator));
      }
    }
  }
  return builder.build(
    {
      ...info,
      ...(start && { preprocessing: start.preprocessing }),
      ...(heads && { postprocessing: postprocessing(heads, builder) }),
    },
    outputs,
  );
}

/** SSD heads as a model file tells of them; thresholds are those of `@tensorflow-models/coco-ssd` 2.2.3. */
function postprocessing(heads: RecognisedHeads, builder: GraphBuilder): ModelInfo["postprocessing"] {
  const { boxes, scores, priors, scales } = heads;
  return {
    kind: "ssd",
    boxes,
    scores,
    priors: builder.constant("priors", priors.shape, Float32Array.from(priors.data)),
    scales: scales.map((scale) => Math.round(scale * 1e4) / 1e4) as typeof scales,
    activation: "sigmoid",
    background: 0,
    threshold: 0.5,
    iou: 0.5,
    maxDetections: 20,
  };
}

/** Nodes that no other reads. */
function sinks(graph: TfGraph): string[] {
  const read = new Set([...graph.nodes.values()].flatMap((node) => node.inputs.map((input) => input.node)));
  return [...graph.nodes.values()].filter((node) => !read.has(node.name) && node.op !== "Const").map((
    { name },
  ) => name);
}

/** Nodes that a node needs and that have no value yet, it included, each after its inputs. */
function dependencies(graph: TfGraph, name: string, values: ReadonlyMap<string, TfValue>): string[] {
  const order: string[] = [];
  const state = new Map<string, "open" | "done">();
  const stack = [name];
  while (stack.length > 0) {
    const current = stack[stack.length - 1];
    const node = graph.nodes.get(current);
    if (!node) throw new ModelError(`Cannot read model: node "${current}" is missing`);
    if (state.get(current) === "done" || values.has(current)) {
      stack.pop();
      continue;
    }
    const waiting = node.inputs.filter((input) =>
      state.get(input.node) !== "done" && !values.has(input.node)
    );
    if (waiting.length === 0) {
      state.set(current, "done");
      order.push(current);
      stack.pop();
    } else if (state.get(current) === "open") {
      throw new ModelError(`Cannot read model: node "${current}" depends on itself; loops are not supported`);
    } else {
      state.set(current, "open");
      stack.push(...waiting.map((input) => input.node));
    }
  }
  return order;
}

function placeholder(
  node: { name: string; attr: Readonly<Record<string, unknown>> },
  builder: GraphBuilder,
): TfValue {
  const shape = isRecord(node.attr.shape) && isRecord(node.attr.shape.shape)
    ? node.attr.shape.shape.dim
    : undefined;
  const extents = Array.isArray(shape)
    ? shape.map((dim: unknown) => isRecord(dim) ? Number(dim.size) : NaN)
    : [];
  const fixed = extents.map((n, axis) => axis === 0 && n === -1 ? 1 : n);
  if (fixed.length === 0 || !fixed.every((n) => Number.isInteger(n) && n > 0)) {
    throw new ModelError(
      `Cannot read node "${node.name}": its shape is ${extents.join("x")}, wanted fixed extents`,
    );
  }
  return { kind: "computed", name: builder.input(node.name, fixed), shape: fixed };
}
