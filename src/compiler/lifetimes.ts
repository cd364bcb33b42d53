/**
 * When each buffer of a graph is in use.
 *
 * @module
 */

import type { Lifetime } from "./arena.ts";
import type { Layout } from "./layout.ts";
import type { Ordered } from "./twins.ts";

/** Vector loads may run this far past a tensor. */
export const SLACK = 64;

/**
 * The buffers of a layout, from the first step at which each is in use to the last; step -1 is before the run, the number of nodes after it. Twins, see `twins.ts`, share a step:
 * that of the last of them.
 */
export function lifetimesOf({ graph, families }: Ordered, { places, buffers }: Layout): Lifetime[] {
  const spans = new Map<string, [number, number]>();
  const use = (value: string, step: number) => {
    const root = places.get(value)?.root;
    if (root === undefined) return;
    const span = spans.get(root);
    spans.set(root, span ? [Math.min(span[0], step), Math.max(span[1], step)] : [step, step]);
  };
  for (const { name } of graph.inputs) use(name, -1);
  let first = 0;
  graph.nodes.forEach((node, i) => {
    if (i === first + families[first]) first = i;
    const step = first + families[first] - 1;
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
