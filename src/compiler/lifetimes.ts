/**
 * When each buffer of a graph is in use.
 *
 * @module
 */

import type { Graph } from "../graph/graph.ts";
import type { Lifetime } from "./arena.ts";
import type { Layout } from "./layout.ts";

/** Vector loads may run this far past a tensor. */
export const SLACK = 64;

/** The buffers of a layout, from the first step at which each is in use to the last; step -1 is before the run, the number of nodes after it. */
export function lifetimesOf(graph: Graph, { places, buffers }: Layout): Lifetime[] {
  const spans = new Map<string, [number, number]>();
  const use = (value: string, step: number) => {
    const root = places.get(value)?.root;
    if (root === undefined) return;
    const span = spans.get(root);
    spans.set(root, span ? [Math.min(span[0], step), Math.max(span[1], step)] : [step, step]);
  };
  for (const { name } of graph.inputs) use(name, -1);
  graph.nodes.forEach((node, step) => {
    node.inputs.forEach((input) => use(input, step));
    use(node.name, step);
  });
  for (const name of graph.outputs) use(name, graph.nodes.length);
  return [...spans].map(([name, [first, last]]) => ({
    name,
    bytes: buffers.get(name)! + SLACK,
    first,
    last,
  }));
}
