/**
 * Lets inputs that sessions take as `[n, c, h, w]` enter as they are: all threads turn them round, not the one that copies them into memory. The first convolution, which
 * copies rows of its input anyway, interleaves planes then; elsewhere it takes a transposition.
 *
 * @module
 */

import { type AnyNode, check, consumers, describe, type Graph, type Node } from "../../graph/graph.ts";
import { TO_NHWC } from "../../ops/planar_conv2d.ts";
import type { Shape } from "../../tensor.ts";
import { copiesRows } from "./fuse_unpack.ts";
import { type Log, Rewrite } from "./pass.ts";

/** The pass. */
export function planarInputs(graph: Graph, log: Log): Graph {
  const planar = new Set(graph.inputs.map(({ name }) => name).filter((name) => graph.nchw?.includes(name)));
  if (planar.size === 0) return graph;
  const shapes = check(graph), readers = consumers(graph), rewrite = new Rewrite(graph);
  const pixels = new Map<string, string>();
  for (const name of planar) {
    const list = readers.get(name) ?? [], [reader] = list;
    if (list.length === 1 && readsPlanes(reader, shapes)) {
      log(`planar_inputs: planes of "${name}" into ${describe(reader)}`);
      continue;
    }
    log(`planar_inputs: "${name}" is transposed, no convolution that copies rows reads it alone`, "left");
    pixels.set(name, rewrite.freeName(`${name}_pixels`));
    rewrite.put({ name: pixels.get(name)!, op: "transpose", attrs: TO_NHWC, inputs: [name] });
  }
  for (const node of graph.nodes) {
    const op = planar.has(node.inputs[0]) && !pixels.has(node.inputs[0]) ? "planar_conv2d" : node.op;
    const inputs = node.inputs.map((name) => pixels.get(name) ?? name);
    rewrite.put({ ...node, op, inputs } as AnyNode);
  }
  return {
    ...rewrite.finish(),
    inputs: graph.inputs.map((port) => planar.has(port.name) ? { ...port, shape: toNchw(port.shape) } : port),
    nchw: graph.nchw!.filter((name) => !planar.has(name)),
  };
}

/** The extents of an `[n, h, w, c]` tensor as `[n, c, h, w]`. */
function toNchw([n, h, w, c]: Shape): Shape {
  return [n, c, h, w];
}

/** Whether a node is a convolution that can read its first input, and nothing else of it, as three planes. */
function readsPlanes(node: AnyNode, shapes: ReadonlyMap<string, Shape>): node is Node<"conv2d"> {
  const [x, ...others] = node.inputs;
  return node.op === "conv2d" && shapes.get(x)!.at(-1) === 3 && !others.includes(x) &&
    copiesRows(node, shapes);
}
