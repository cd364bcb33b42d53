/**
 * Merges slices of channels into the pooling before them, where a concatenation wants them apart: each part is pooled by itself, straight to where it is wanted. CSPNet
 * splits every stage so (Wang et al. 2019, section 3.1).
 *
 * @module
 */

import { type AnyNode, check, consumers, describe, type Graph, type Node } from "../../graph/graph.ts";
import type { Shape } from "../../tensor.ts";
import { type Log, Rewrite } from "./pass.ts";

type Pool = Node<"max_pool"> | Node<"avg_pool">;

const isPool = (node: AnyNode): node is Pool => node.op === "max_pool" || node.op === "avg_pool";

/** The channels that a node takes of a value of `shape`, if it is a slice that takes nothing else. */
function channelsTaken(node: AnyNode, shape: Shape): { begin: number; end: number } | undefined {
  if (node.op !== "slice") return undefined;
  const { starts, sizes, steps } = node.attrs;
  const last = shape.length - 1;
  const whole = shape.every((n, axis) => axis === last || sizes[axis] === n);
  if (!whole || (steps?.[last] ?? 1) !== 1) return undefined;
  return { begin: starts[last], end: starts[last] + sizes[last] };
}

/** The pass. */
export function fuseSlice(graph: Graph, log: Log): Graph {
  const shapes = check(graph), readers = consumers(graph);
  const rewrite = new Rewrite(graph);
  const split = new Map<string, Pool>();

  /** Why slices of a pooling's output stay slices; nothing if they do not. */
  const whyNot = (pool: Pool, slices: readonly AnyNode[]): string | undefined => {
    const parts = slices.map((slice) => channelsTaken(slice, shapes.get(pool.name)!));
    if (graph.outputs.includes(pool.name) || parts.includes(undefined)) return "others read all of it";
    const sorted = parts.filter((part) => part !== undefined).toSorted((a, b) => a.begin - b.begin);
    return sorted.some(({ begin }, i) => i > 0 && begin < sorted[i - 1].end) ? "they overlap" : undefined;
  };

  for (const node of graph.nodes) {
    if (isPool(node)) {
      const slices = readers.get(node.name) ?? [];
      const wanted = slices.filter((slice) =>
        slice.op === "slice" && readers.get(slice.name)?.some(({ op }) => op === "concat")
      );
      const reason = wanted.length > 0 ? whyNot(node, slices) : undefined;
      if (reason) {
        for (const slice of wanted) {
          log(`fuse_slice: ${describe(slice)} and ${describe(node)} stay apart: ${reason}`, "left");
        }
      } else if (wanted.length > 0) split.set(node.name, node);
    }
    const pool = node.op === "slice" ? split.get(node.inputs[0]) : undefined;
    if (!pool || node.op !== "slice") {
      rewrite.put(node);
      continue;
    }
    log(`fuse_slice: ${describe(node)} into ${describe(pool)}`);
    const [input] = pool.inputs;
    const part = rewrite.freeName(`${node.name}:input`);
    const [n, h, w] = shapes.get(input)!;
    rewrite.put({
      name: part,
      op: "slice",
      attrs: { starts: node.attrs.starts, sizes: [n, h, w, node.attrs.sizes[3]] },
      inputs: [input],
    });
    rewrite.put({ ...pool, name: node.name, inputs: [part] });
  }
  return rewrite.finish();
}
