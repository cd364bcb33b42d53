/**
 * Reads TensorFlow.js models: `model.json` and its weight shards. Graph models are translated here, layers models in `tensorflow/keras.ts`.
 *
 * @module
 */

import { ModelError } from "../errors.ts";
import type { Pair } from "../geometry.ts";
import { GraphBuilder } from "../graph/builder.ts";
import type { Graph } from "../graph/graph.ts";
import type { ModelInfo } from "../graph/model_info.ts";
import type { Result } from "./tensorflow/call.ts";
import {
  isRecord,
  parseInput,
  parseNodes,
  type TfGraph,
  type TfInput,
  type TfNode,
} from "./tensorflow/graph_def.ts";
import { fixShape } from "./tensorflow/input_shape.ts";
import { isKeras, readKeras } from "./tensorflow/keras.ts";
import { translate } from "./tensorflow/operators.ts";
import { type RecognisedHeads, recogniseHeads } from "./tensorflow/postprocessing.ts";
import { recognisePreprocessing } from "./tensorflow/preprocessing.ts";
import { type TfValue, Translator } from "./tensorflow/translator.ts";
import { parseWeights, shardPaths } from "./tensorflow/weights.ts";

/** Reads one weight shard, named as in the manifest. */
export type ReadShard = (path: string) => Uint8Array | Promise<Uint8Array>;

/** Whether parsed JSON looks like a TensorFlow.js model. */
export function isTfjs(json: unknown): json is Record<string, unknown> {
  return isRecord(json) && "modelTopology" in json && "weightsManifest" in json;
}

/**
 * Reads a model; `inputSize` is the height and width of inputs that leave them open. Resizing and normalisation at the start of a graph model and box decoding at its
 * end are recognised and leave the graph: its input is the normalised picture `[1, h, w, 3]`, its outputs the raw heads, under the names of the nodes that make them.
 *
 * @throws {ModelError} If a file is broken, or an operator is not supported.
 * @throws {GraphError} If shapes do not fit.
 */
export async function readTfjs(
  json: unknown,
  readShard: ReadShard,
  info: ModelInfo,
  inputSize?: Pair,
): Promise<Graph> {
  if (!isTfjs(json)) {
    throw new ModelError("Cannot read model.json: modelTopology or weightsManifest is missing");
  }
  const { modelTopology: topology, weightsManifest: manifest, signature } = json;
  const keras = isKeras(topology), nodes = keras ? undefined : parseNodes(topology);
  const paths = shardPaths(manifest);
  const shards = await Promise.all(paths.map((group) => Promise.all(group.map((path) => readShard(path)))));
  const constants = parseWeights(manifest, shards);
  const values = [...constants.values()].reduce((sum, { data }) => sum + data.length, 0);
  const builder = new GraphBuilder(), to = new Translator(builder, values);
  if (!nodes) {
    const output = readKeras(topology, constants, builder, to, inputSize);
    return finish(output.outputs, builder, to, info, output.softmax);
  }
  return build({ nodes, constants }, builder, to, info, signature, inputSize);
}

/** Builds the graph of the outputs; those that bear another name are named once more. */
function finish(
  outputs: ReadonlyMap<string, TfValue>,
  builder: GraphBuilder,
  to: Translator,
  info: ModelInfo,
  scores?: { readonly name: string; readonly logits: boolean },
): Graph {
  const names = [...outputs].map(([name, value]) => {
    if (value.kind === "constant") {
      throw new ModelError(`Cannot read model: output "${name}" does not depend on the input`);
    }
    return value.name === name ? name : to.emit("reshape", name, { shape: value.shape }, [value]).name;
  });
  return builder.build(
    {
      ...info,
      ...(scores && !info.postprocessing &&
        { postprocessing: { kind: "softmax", scores: scores.name, logits: scores.logits } }),
    },
    names,
  );
}

function build(
  graph: TfGraph,
  builder: GraphBuilder,
  to: Translator,
  info: ModelInfo,
  signature: unknown,
  inputSize: Pair | undefined,
): Graph {
  const values = new Map<string, Result>();
  const start = recognisePreprocessing(graph);
  if (start) {
    const { height, width } = start.preprocessing;
    const shape = [1, height, width, 3];
    values.set(start.node, { kind: "computed", name: builder.input(start.node, shape), shape });
  }
  const heads = recogniseHeads(graph);
  const outputs = heads
    ? new Map([heads.boxes, heads.scores].map((node) => [node, { node, output: 0 }]))
    : signed(signature, "outputs", graph) ?? sinks(graph);
  const made = new Map<string, TfValue>();
  for (const [name, output] of outputs) {
    for (const current of dependencies(graph, output.node, values)) {
      const node = graph.nodes.get(current)!, tensor = graph.constants.get(current);
      if (tensor) values.set(current, { kind: "constant", name: current, tensor });
      else if (node.op === "Placeholder") {
        values.set(current, placeholder(node, builder, signature, inputSize));
      } else {
        const inputs = node.inputs.map((input) => take(values, input, node));
        values.set(current, translate({ node, inputs, to }));
      }
    }
    const value = take(values, output, graph.nodes.get(output.node)!);
    if (value.kind === "blocks") {
      throw new ModelError(`Cannot read output "${name}": it is cut by SpaceToBatchND`);
    }
    made.set(name, value);
  }
  return finish(
    made,
    builder,
    to,
    {
      ...info,
      ...(start && { preprocessing: start.preprocessing }),
      ...(heads && { postprocessing: postprocessing(heads, builder) }),
    },
    heads ? undefined : classScores(graph, made, outputs),
  );
}

/** The only output, where it is one vector of scores. */
function classScores(
  graph: TfGraph,
  made: ReadonlyMap<string, TfValue>,
  outputs: ReadonlyMap<string, TfInput>,
): { name: string; logits: boolean } | undefined {
  const [[name, value], ...more] = made;
  if (more.length > 0 || value.kind === "constant" || value.shape.length !== 2 || value.shape[1] < 2) {
    return undefined;
  }
  let node = graph.nodes.get(outputs.get(name)!.node);
  while (node && ["Identity", "Reshape", "Squeeze"].includes(node.op)) {
    node = graph.nodes.get(node.inputs[0]?.node);
  }
  return { name, logits: node?.op !== "Softmax" };
}

/** The value of a reference. */
function take(values: ReadonlyMap<string, Result>, { node, output }: TfInput, reader: TfNode) {
  const result = values.get(node)!;
  const value = "kind" in result ? output === 0 ? result : undefined : result[output];
  if (!value) {
    throw new ModelError(
      `Cannot read node "${reader.name}" (${reader.op}): output ${output} of "${node}" is not supported`,
    );
  }
  return value;
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

/** What the signature of a saved model names, by the names that a graph's nodes have; `undefined` where it names none or others. */
function signed(
  signature: unknown,
  which: "inputs" | "outputs",
  graph: TfGraph,
): Map<string, TfInput> | undefined {
  const ports = isRecord(signature) && isRecord(signature[which]) ? Object.values(signature[which]) : [];
  const references = ports.map((port) => parseInput(isRecord(port) ? String(port.name) : ""));
  if (references.length === 0 || !references.every(({ node }) => graph.nodes.has(node))) return undefined;
  return new Map(references.map((reference) => {
    const { node, output } = reference;
    return [output === 0 ? node : `${node}:${output}`, reference];
  }));
}

/** Nodes that no other reads. */
function sinks(graph: TfGraph): Map<string, TfInput> {
  const read = new Set([...graph.nodes.values()].flatMap((node) => node.inputs.map((input) => input.node)));
  const last = [...graph.nodes.values()].filter(({ name, op }) =>
    !read.has(name) && op !== "Const" && op !== "NoOp" && op !== "Placeholder"
  );
  if (last.length === 0) {
    throw new ModelError("Cannot read model: every node is read by another, it has no output");
  }
  return new Map(last.map(({ name }) => [name, { node: name, output: 0 }]));
}

/** Nodes that a node needs and that have no value yet, it included, each after its inputs. */
function dependencies(graph: TfGraph, name: string, values: ReadonlyMap<string, Result>): string[] {
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

/** Extents as an attribute or a signature tells them; -1 where one is open. */
function dimensions(shape: unknown): number[] | undefined {
  const dims = isRecord(shape) ? shape.dim : undefined;
  return Array.isArray(dims) ? dims.map((dim: unknown) => isRecord(dim) ? Number(dim.size) : NaN) : undefined;
}

function placeholder(
  node: TfNode,
  builder: GraphBuilder,
  signature: unknown,
  inputSize: Pair | undefined,
): TfValue {
  const ports = isRecord(signature) && isRecord(signature.inputs) ? Object.values(signature.inputs) : [];
  const port = ports.find((port) => isRecord(port) && parseInput(String(port.name)).node === node.name);
  const told = dimensions(isRecord(node.attr.shape) ? node.attr.shape.shape : undefined);
  const extents = told && told.length > 0 ? told : isRecord(port) ? dimensions(port.tensorShape) : told;
  const shape = fixShape(`node "${node.name}"`, extents ?? [], inputSize);
  return { kind: "computed", name: builder.input(node.name, shape), shape };
}
