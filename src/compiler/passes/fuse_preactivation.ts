/**
 * Merges a batch normalisation, with the clamp that it has taken in, into the pointwise convolution behind it, which normalises what it is about to multiply. Networks
 * of pre-activation have them behind concatenations and sums, where no convolution before can take them in.
 *
 * @module
 */

import { check, describe, type Graph } from "../../graph/graph.ts";
import { isPointwise } from "../../ops/conv2d.ts";
import { type Log, Rewrite } from "./pass.ts";

/** The pass. */
export function fusePreactivation(graph: Graph, log: Log): Graph {
  const shapes = check(graph);
  const norms = new Set(graph.nodes.filter(({ op }) => op === "batch_norm").map(({ name }) => name));
  const rewrite = new Rewrite(graph);
  for (const node of graph.nodes) {
    const [x, ...others] = node.inputs;
    if (node.op !== "conv2d" || !norms.has(x) || !isPointwise(node.attrs, shapes.get(others[0])!)) {
      rewrite.put(node);
      continue;
    }
    const norm = others.includes(x) ? undefined : rewrite.mergeable(x, "batch_norm");
    if (!norm) {
      log(
        `fuse_preactivation: "${x}" and ${describe(node)} stay apart: others read what is between them`,
        "left",
      );
      rewrite.put(node);
      continue;
    }
    log(`fuse_preactivation: ${describe(norm)} into ${describe(node)}`);
    rewrite.put({
      name: node.name,
      op: "preactivated_pointwise",
      attrs: { ...node.attrs, normEpsilon: norm.attrs.epsilon, normLimits: norm.attrs.limits },
      inputs: [...norm.inputs, ...others],
    });
  }
  return rewrite.finish();
}
