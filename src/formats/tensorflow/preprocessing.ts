/**
 * Recognises how a TensorFlow graph turns a photo into its input: object-detection exports map a loop over the batch that resizes each picture,
 * then multiply and subtract (tensorflow/models: research/object_detection/core/preprocessor.py, meta architecture `SSDMetaArch.preprocess`).
 *
 * @module
 */

import { ModelError } from "../../errors.ts";
import type { Preprocessing } from "../../graph/model_info.ts";
import { booleanAttr, type TfGraph, type TfNode } from "./graph_def.ts";

/** What was recognised: the node whose value is the network's input, and how a photo becomes it. */
export interface RecognisedInput {
  readonly node: string;
  readonly preprocessing: Preprocessing;
}

/** For each node, those that read it. */
type Readers = ReadonlyMap<string, readonly TfNode[]>;

function readersOf({ nodes }: TfGraph): Readers {
  const readers = new Map<string, TfNode[]>();
  for (const node of nodes.values()) {
    for (const input of new Set(node.inputs.map((input) => input.node))) {
      const list = readers.get(input);
      if (list) list.push(node);
      else readers.set(input, [node]);
    }
  }
  return readers;
}

/** Nodes that depend on any of some, they included. */
function dependents(from: Iterable<string>, readers: Readers): Set<string> {
  const seen = new Set(from);
  // A set grows while it is walked.
  for (const name of seen) for (const reader of readers.get(name) ?? []) seen.add(reader.name);
  return seen;
}

function scalar(graph: TfGraph, name: string): number | undefined {
  const tensor = graph.constants.get(name);
  return tensor?.data.length === 1 ? tensor.data[0] : undefined;
}

/** One affine step `x * scale + offset` by a scalar constant, and the input it is applied to. */
function affineStep(
  graph: TfGraph,
  node: TfNode,
): { from: string; scale: number; offset: number } | undefined {
  if (node.inputs.length !== 2) return undefined;
  const [a, b] = node.inputs.map((input) => input.node);
  const left = scalar(graph, a), right = scalar(graph, b);
  const value = right ?? left;
  if (value === undefined) return undefined;
  const from = right === undefined ? b : a;
  switch (node.op) {
    case "Mul":
      return { from, scale: value, offset: 0 };
    case "Add":
    case "AddV2":
      return { from, scale: 1, offset: value };
    case "Sub":
      return right === undefined ? undefined : { from, scale: 1, offset: -value };
    default:
      return undefined;
  }
}

/**
 * Recognises resizing and normalisation.
 *
 * @returns `undefined` if the graph does not resize.
 * @throws {ModelError} If it resizes in a way that is not known.
 */
export function recognisePreprocessing(graph: TfGraph): RecognisedInput | undefined {
  const nodes = [...graph.nodes.values()], readers = readersOf(graph);
  // What depends on a layer resizes features, not a photo.
  const layers = nodes.filter(({ op }) => /Conv2D|DepthwiseConv2d|MatMul/.test(op)).map(({ name }) => name);
  const features = dependents(layers, readers);
  const resize = nodes.find(({ op, name }) => op === "ResizeBilinear" && !features.has(name));
  if (!resize) return undefined;
  if (booleanAttr(resize, "align_corners") || booleanAttr(resize, "half_pixel_centers")) {
    throw new ModelError(
      `Cannot read node "${resize.name}": it aligns corners or half pixels, wanted neither`,
    );
  }
  const size = graph.constants.get(resize.inputs[1]?.node);
  if (size?.data.length !== 2) {
    throw new ModelError(`Cannot read node "${resize.name}": its size is not a constant of 2 integers`);
  }
  // The loop hands its pictures on through one TensorArrayGatherV3; without a loop the resize itself is where it ends.
  const resized = dependents([resize.name], readers);
  const gather = nodes.find(({ op, name }) => op === "TensorArrayGatherV3" && resized.has(name));
  let node = gather ?? resize;
  let scale = 1, offset = 0;
  for (;;) {
    const [reader, ...others] = readers.get(node.name) ?? [];
    const step = reader && others.length === 0 ? affineStep(graph, reader) : undefined;
    if (!step || step.from !== node.name) break;
    scale *= step.scale;
    offset = offset * step.scale + step.offset;
    node = reader;
  }
  const [height, width] = size.data;
  return {
    node: node.name,
    preprocessing: {
      input: node.name,
      width,
      height,
      resize: "tf_bilinear",
      scale: [scale, scale, scale],
      offset: [offset, offset, offset],
    },
  };
}
