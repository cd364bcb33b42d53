/**
 * Recognises the box decoding of TensorFlow's object-detection exports: the Faster R-CNN box coder over constant priors
 * (tensorflow/models: research/object_detection/box_coders/faster_rcnn_box_coder.py) and sigmoid scores with a background column cut off.
 *
 * @module
 */

import { ModelError } from "../../errors.ts";
import type { Tensor } from "../../tensor.ts";
import type { TfGraph, TfInput, TfNode } from "./graph_def.ts";

/** What was recognised: the nodes that make the raw heads, and how they become boxes. */
export interface RecognisedHeads {
  /** Node of raw box encodings `[1, priors, 4]`. */
  readonly boxes: string;
  /** Node of class logits `[1, priors, classes]`. */
  readonly scores: string;
  /** `[priors, 4]`: (ymin, xmin, ymax, xmax). */
  readonly priors: Tensor;
  /** Divisors of (ty, tx, th, tw). */
  readonly scales: [number, number, number, number];
}

/** Walks along one graph, naming what it wanted where the graph is otherwise. */
class Matcher {
  readonly #graph: TfGraph;

  constructor(graph: TfGraph) {
    this.#graph = graph;
  }

  /** The node behind a reference, which has to be of `op`. */
  node(reference: TfInput, op: string): TfNode {
    const node = this.#graph.nodes.get(reference.node);
    if (node?.op !== op) {
      throw new ModelError(
        `Cannot recognise the box decoding: node "${reference.node}" is ${
          node?.op ?? "missing"
        }, wanted ${op}`,
      );
    }
    return node;
  }

  /** Skips nodes of the given kinds by their first input. */
  skip(reference: TfInput, ...kinds: string[]): TfInput {
    for (;;) {
      const node = this.#graph.nodes.get(reference.node);
      if (!node || !kinds.includes(node.op) || node.inputs.length === 0) return reference;
      reference = node.inputs[0];
    }
  }

  /** Splits the inputs of a commutative node into the one that `wanted` holds for and the other. */
  either(node: TfNode, wanted: (input: TfInput) => boolean): [TfInput, TfInput] {
    const [a, b] = node.inputs;
    if (a && b && wanted(a)) return [a, b];
    if (a && b && wanted(b)) return [b, a];
    throw new ModelError(
      `Cannot recognise the box decoding: neither input of node "${node.name}" (${node.op}) is as wanted`,
    );
  }

  /** A scalar constant. */
  scalar(reference: TfInput): number {
    const tensor = this.#graph.constants.get(reference.node);
    if (tensor?.data.length !== 1) {
      throw new ModelError(`Cannot recognise the box decoding: "${reference.node}" is not a scalar constant`);
    }
    return tensor.data[0];
  }

  /** Whether a reference is to a node of `op`. */
  is(reference: TfInput, op: string): boolean {
    return this.#graph.nodes.get(reference.node)?.op === op;
  }
}

const same = (a: TfInput, b: TfInput) => a.node === b.node && a.output === b.output;

/** One axis of the coder: centre = t * scale * size + centre of the prior, half = size / 2 * exp(t' * scale'). */
function matchAxis(match: Matcher, low: TfInput, high: TfInput) {
  const sub = match.node(low, "Sub"), add = match.node(high, "Add");
  if (!same(sub.inputs[0], add.inputs[0]) || !same(sub.inputs[1], add.inputs[1])) {
    throw new ModelError(
      `Cannot recognise the box decoding: "${sub.name}" and "${add.name}" differ in centre or extent`,
    );
  }
  const centre = match.node(sub.inputs[0], "Add");
  const [shift] = match.either(centre, (input) => match.is(input, "Mul"));
  const [scaledOffset] = match.either(match.node(shift, "Mul"), (input) => match.is(input, "Mul"));
  const [offset, offsetScale] = match.either(
    match.node(scaledOffset, "Mul"),
    (input) => match.is(input, "Unpack"),
  );
  const [exponential] = match.either(match.node(sub.inputs[1], "Mul"), (input) => match.is(input, "Exp"));
  const exponent = match.node(match.node(exponential, "Exp").inputs[0], "Mul");
  const [extent, extentScale] = match.either(exponent, (input) => match.is(input, "Unpack"));
  return {
    offset,
    extent,
    offsetScale: 1 / match.scalar(offsetScale),
    extentScale: 1 / match.scalar(extentScale),
  };
}

/**
 * Recognises the heads.
 *
 * @returns `undefined` if the graph decodes no boxes (it packs no four coordinates that come of exponentials).
 * @throws {ModelError} If it decodes them in a way that is not known.
 */
export function recogniseHeads(graph: TfGraph): RecognisedHeads | undefined {
  const nodes = [...graph.nodes.values()];
  const pack = nodes.find((node) =>
    node.op === "Pack" && node.inputs.length === 4 &&
    node.inputs.every((input, i) => graph.nodes.get(input.node)?.op === (i < 2 ? "Sub" : "Add"))
  );
  const sigmoid = nodes.find((node) => node.op === "Sigmoid");
  if (!pack || !sigmoid) return undefined;
  const match = new Matcher(graph);
  const y = matchAxis(match, pack.inputs[0], pack.inputs[2]);
  const x = matchAxis(match, pack.inputs[1], pack.inputs[3]);
  const order = [y.offset, x.offset, y.extent, x.extent];
  const unpack = order[0].node;
  if (!order.every((input, i) => input.node === unpack && input.output === i)) {
    throw new ModelError("Cannot recognise the box decoding: encodings are not in the order ty, tx, th, tw");
  }
  const heads = match.skip({ node: unpack, output: 0 }, "Unpack", "Transpose", "Reshape");
  const priors = nodes
    .filter((node) => node.op === "Unpack" && node.name !== unpack)
    .map((node) =>
      graph.constants.get(
        match.skip({ node: node.name, output: 0 }, "Unpack", "Transpose", "Reshape", "Tile", "ExpandDims")
          .node,
      )
    )
    .find((tensor) => tensor?.shape.at(-1) === 4);
  if (!priors) {
    throw new ModelError("Cannot recognise the box decoding: the priors are not a constant of [n, 4]");
  }
  const slice = nodes.find((node) => node.op === "Slice" && node.inputs[0]?.node === sigmoid.name);
  const begin = slice && graph.constants.get(slice.inputs[1].node)?.data;
  if (!begin || begin[0] !== 0 || begin[1] !== 0 || begin[2] !== 1) {
    throw new ModelError(
      "Cannot recognise the class scores: their first column is not cut off as background",
    );
  }
  return {
    boxes: heads.node,
    scores: sigmoid.inputs[0].node,
    priors: { shape: [priors.data.length / 4, 4], data: priors.data },
    scales: [y.offsetScale, x.offsetScale, y.extentScale, x.extentScale],
  };
}
