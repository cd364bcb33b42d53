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

/** All nodes that a node depends on. */
export function ancestors(graph: TfGraph, name: string): Set<string> {
  const seen = new Set<string>();
  const open = [name];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    for (const input of graph.nodes.get(next)?.inputs ?? []) open.push(input.node);
  }
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

/** Whether a node depends on a layer: then it resizes features, not a photo. */
function computed(graph: TfGraph, name: string): boolean {
  return [...ancestors(graph, name)].some((node) =>
    /Conv2D|DepthwiseConv2d|MatMul/.test(graph.nodes.get(node)?.op ?? "")
  );
}

/**
 * Recognises resizing and normalisation.
 *
 * @returns `undefined` if the graph does not resize.
 * @throws {ModelError} If it resizes in a way that is not known.
 */
export function recognisePreprocessing(graph: TfGraph): RecognisedInput | undefined {
  const resize = [...graph.nodes.values()].find((node) =>
    node.op === "ResizeBilinear" && !computed(graph, node.name)
  );
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
  const gather = [...graph.nodes.values()].find((node) =>
    node.op === "TensorArrayGatherV3" && ancestors(graph, node.name).has(resize.name)
  );
  let node = gather ?? resize;
  let scale = 1, offset = 0;
  for (;;) {
    const readers = [...graph.nodes.values()].filter((reader) =>
      reader.inputs.some((input) => input.node === node.name)
    );
    const step = readers.length === 1 ? affineStep(graph, readers[0]) : undefined;
    if (!step || step.from !== node.name) break;
    scale *= step.scale;
    offset = offset * step.scale + step.offset;
    node = readers[0];
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
