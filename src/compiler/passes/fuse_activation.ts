/**
 * Merges a clamp (ReLU, ReLU6) into the node before it, whose kernel clamps for free.
 *
 * @module
 */

import { type AnyNode, describe, type Graph } from "../../graph/graph.ts";
import { opOf } from "../../ops/index.ts";
import { type Log, Rewrite } from "./pass.ts";

/** The pass. */
export function fuseActivation(graph: Graph, log: Log): Graph {
  const rewrite = new Rewrite(graph);
  for (const node of graph.nodes) {
    const producer = node.op === "clip" ? rewrite.only(node.inputs[0]) : undefined;
    if (producer && opOf(producer.op).clamps && !("limits" in producer.attrs && producer.attrs.limits)) {
      log(`fuse_activation: ${describe(node)} into ${describe(producer)}`);
      rewrite.put({
        ...producer,
        name: node.name,
        attrs: { ...producer.attrs, limits: node.attrs },
      } as unknown as AnyNode);
    } else {
      rewrite.put(node);
    }
  }
  return rewrite.finish();
}
