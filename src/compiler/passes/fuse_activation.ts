/**
 * Merges a clamp (ReLU, ReLU6) into the node before it, whose kernel clamps for free, and any other activation into the convolution before it, which applies it to
 * what is still in cache.
 *
 * @module
 */

import { type AnyNode, describe, type Graph } from "../../graph/graph.ts";
import { isActivation } from "../../ops/activation.ts";
import { opOf } from "../../ops/index.ts";
import { type Log, Rewrite } from "./pass.ts";

/** The attribute of `producer` that takes `node` in; none where it cannot, or has one already. */
function attributeFor(node: AnyNode, producer: AnyNode): Readonly<Record<string, unknown>> | undefined {
  const { limits, activation } = producer.attrs as { limits?: unknown; activation?: unknown };
  if (limits || activation) return undefined;
  const { clamps, activates } = opOf(producer.op);
  if (node.op === "clip") return clamps ? { limits: node.attrs } : undefined;
  return activates && isActivation(node.op) ? { activation: { op: node.op, attrs: node.attrs } } : undefined;
}

/** The pass. */
export function fuseActivation(graph: Graph, log: Log): Graph {
  const rewrite = new Rewrite(graph);
  for (const node of graph.nodes) {
    const producer = rewrite.only(node.inputs[0]);
    const attribute = producer && attributeFor(node, producer);
    if (attribute) {
      log(`fuse_activation: ${describe(node)} into ${describe(producer)}`);
      rewrite.put({
        ...producer,
        name: node.name,
        attrs: { ...producer.attrs, ...attribute },
      } as unknown as AnyNode);
    } else {
      rewrite.put(node);
    }
  }
  return rewrite.finish();
}
