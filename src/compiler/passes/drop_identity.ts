/**
 * Drops nodes that hand on what they get: a reshape to the same shape, a clamp without limits, a concatenation of one.
 *
 * @module
 */

import { type AnyNode, check, describe, type Graph } from "../../graph/graph.ts";
import { sameShape, type Shape } from "../../tensor.ts";
import { type Log, Rewrite } from "./pass.ts";

function isIdentity(node: AnyNode, shapes: ReadonlyMap<string, Shape>): boolean {
  switch (node.op) {
    case "reshape":
      return sameShape(shapes.get(node.inputs[0])!, shapes.get(node.name)!);
    case "clip":
      return (node.attrs.lo ?? -Infinity) === -Infinity && (node.attrs.hi ?? Infinity) === Infinity;
    case "concat":
      return node.inputs.length === 1;
    default:
      return false;
  }
}

/** The pass. */
export function dropIdentity(graph: Graph, log: Log): Graph {
  const shapes = check(graph);
  const rewrite = new Rewrite(graph);
  const renamed = new Map<string, string>();
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((name) => renamed.get(name) ?? name);
    if (isIdentity(node, shapes) && !graph.outputs.includes(node.name)) {
      log(`drop_identity: ${describe(node)}`);
      renamed.set(node.name, inputs[0]);
    } else {
      rewrite.put({ ...node, inputs });
    }
  }
  return rewrite.finish();
}
