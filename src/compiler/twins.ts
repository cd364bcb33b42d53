/**
 * Finds nodes that run side by side: twins, which do the same work on other values and need nothing of each other, as the branches of PeleeNet's and CSPNet's blocks do. Threads that
 * are cut between twins meet once behind them, and each finds in its own cache what it left there in the last layer of the same branch.
 *
 * @module
 */

import { type AnyNode, type Graph, macsOf } from "../graph/graph.ts";
import { rowsOf, type Shape } from "../tensor.ts";

/**
 * Most pixels of a map whose twins run side by side. Of larger ones it is worth more that each thread goes on with the rows that it has written itself: where cores share no cache, twins on
 * 56x56 maps cost PeleeNet 2 %, twins on 28x28 maps and smaller gain it 3 %.
 */
const MOST_PIXELS = 28 * 28;

/** A graph whose twins stand next to each other. */
export interface Ordered {
  readonly graph: Graph;
  /** For each node how many there are of its kind, next to each other, itself included. */
  readonly families: readonly number[];
}

/** Puts twins next to each other, as many as share out the threads evenly; nothing moves for one thread. */
export function joinTwins(graph: Graph, shapes: ReadonlyMap<string, Shape>, threads: number): Ordered {
  const kinds = new Map(graph.nodes.map((node) => [node, kindOf(node, graph, shapes)]));
  const kin = new Map<string | undefined, AnyNode[]>();
  for (const [node, kind] of kinds) {
    if (!kin.get(kind)?.push(node)) kin.set(kind, [node]);
  }
  const done = new Set([...graph.inputs.map(({ name }) => name), ...graph.constants.keys()]);
  const placed = new Set<AnyNode>(), families: number[] = [];
  for (const node of graph.nodes) {
    if (placed.has(node)) continue;
    const kind = kinds.get(node);
    const ready = kind === undefined || threads === 1
      ? [node]
      : kin.get(kind)!.filter((other) => !placed.has(other) && other.inputs.every((name) => done.has(name)));
    let size = Math.min(ready.length, threads);
    while (threads % size > 0) size--;
    for (const member of ready.slice(0, size)) {
      placed.add(member);
      families.push(size);
      done.add(member.name);
    }
  }
  return { graph: { ...graph, nodes: [...placed] }, families };
}

/** What twins have in common; `undefined` for nodes that stay alone. */
function kindOf(node: AnyNode, graph: Graph, shapes: ReadonlyMap<string, Shape>): string | undefined {
  if (macsOf(node, shapes) === 0 || rowsOf(shapes.get(node.name)!) > MOST_PIXELS) return undefined;
  const inputs = node.inputs.map((name) => [graph.constants.has(name), shapes.get(name)]);
  return JSON.stringify([node.op, node.attrs, inputs]);
}
