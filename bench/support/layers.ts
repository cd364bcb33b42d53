/**
 * The convolutions of networks, each shape once.
 *
 * @module
 */

import { GraphBuilder } from "../../src/graph/builder.ts";
import { check, type Graph, macsOf, type Node } from "../../src/graph/graph.ts";
import { formatShape, type Shape } from "../../src/tensor.ts";

/** A convolution, and how often a network has its like. */
export interface Layer {
  /** Attributes and shapes: equal for convolutions that differ in their values alone. */
  readonly key: string;
  /** Names of the nodes; the first one stands for all. */
  readonly names: readonly string[];
  readonly kind: string;
  /** e.g. `1x1 19x19x96 -> 19x19x576`. */
  readonly shape: string;
  readonly macs: number;
  /** A network of the first node: what it computes with comes along, what it is fed is an input. */
  readonly graph: Graph;
}

/** Kind of convolutions that is held to most. */
export const WIDE = "pointwise, 64 channels or more";

function kindOf({ attrs }: Node<"conv2d">, input: Shape, [kh, kw, groupChannels, outputs]: Shape): string {
  if (attrs.groups > 1) return groupChannels === 1 ? `depthwise, stride ${attrs.strides[0]}` : "grouped";
  if (input[3] <= 4) return "first layer";
  if (kh > 1 || kw > 1) return `${kh}x${kw}, stride ${attrs.strides[0]}`;
  return input[3] >= 64 && outputs >= 64 ? WIDE : "pointwise, narrower";
}

function isolate(graph: Graph, node: Node<"conv2d">, shapes: ReadonlyMap<string, Shape>): Graph {
  const builder = new GraphBuilder();
  for (const name of new Set(node.inputs)) {
    const constant = graph.constants.get(name);
    if (constant) builder.constant(name, constant.shape, constant.data);
    else builder.input(name, shapes.get(name)!);
  }
  return builder.build({ name: node.name }, [builder.node(node.op, node.name, node.attrs, node.inputs)]);
}

/** The distinct convolutions of a graph. */
export function layersOf(graph: Graph): Layer[] {
  const shapes = check(graph);
  const groups = Map.groupBy(
    graph.nodes.filter((node) => node.op === "conv2d"),
    (node) =>
      JSON.stringify([node.attrs, node.inputs.map((name) => [graph.constants.has(name), shapes.get(name)])]),
  );
  return [...groups].map(([key, nodes]) => {
    const [node] = nodes;
    const [input, weight] = node.inputs.map((name) => shapes.get(name)!);
    const output = shapes.get(node.name)!;
    const residual = node.inputs.length > 3 ? " + residual" : "";
    const { strides, groups } = node.attrs;
    const details = [
      strides.some((stride) => stride > 1) && `stride ${strides[0]}`,
      groups > 1 && groups < input[3] && `${groups} groups`,
    ].filter(Boolean).map((detail) => `, ${detail}`).join("");
    return {
      key,
      names: nodes.map(({ name }) => name),
      kind: kindOf(node, input, weight),
      shape: `${weight[0]}x${weight[1]} ${formatShape(input.slice(1))} -> ${
        formatShape(output.slice(1))
      }${residual}${details}`,
      macs: macsOf(node, shapes),
      graph: isolate(graph, node, shapes),
    };
  });
}
