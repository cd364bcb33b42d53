/**
 * Networks that take the bytes of photos.
 *
 * @module
 */

import { ModelError } from "../errors.ts";
import { type AnyNode, type Graph, rgbaInputs } from "./graph.ts";

/**
 * The same network with RGBA bytes, `[1, h, w, 4]`, in the place of its photo's floats: what its preprocessing says of scales, offsets and the order of channels becomes the
 * first operator of the graph. A graph that takes bytes stays as it is.
 *
 * @throws {ModelError} If its preprocessing is not known.
 */
export function withRgbaInput(graph: Graph): Graph {
  const { name, preprocessing } = graph.info;
  if (!preprocessing) {
    throw new ModelError(
      `Cannot give model "${name}" an input of bytes: its preprocessing is not known (a preset can tell it)`,
    );
  }
  const { input, width, height, channels, scale, offset } = preprocessing;
  if (rgbaInputs(graph).has(input)) return graph;
  const taken = new Set([
    ...graph.inputs.map(({ name }) => name),
    ...graph.constants.keys(),
    ...graph.nodes.map(({ name }) => name),
  ]);
  let unpacked = `${input}_unpacked`;
  while (taken.has(unpacked)) unpacked += "_";
  const unpack: AnyNode = {
    name: unpacked,
    op: "unpack_rgba",
    attrs: { scale, offset, ...(channels && { channels }) },
    inputs: [input],
  };
  const nodes = graph.nodes.map((node): AnyNode => ({
    ...node,
    inputs: node.inputs.map((value) => value === input ? unpacked : value),
  }));
  return {
    ...graph,
    inputs: graph.inputs.map((port) =>
      port.name === input ? { ...port, shape: [1, height, width, 1] } : port
    ),
    nodes: [unpack, ...nodes],
    ...(graph.nchw && { nchw: graph.nchw.filter((value) => value !== input) }),
  };
}
