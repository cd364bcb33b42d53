/**
 * Merges a residual sum into the convolution before it, which adds the other branch as it stores.
 *
 * @module
 */

import { type AnyNode, check, describe, type Graph, type Node } from "../../graph/graph.ts";
import { sameShape } from "../../tensor.ts";
import { type Log, Rewrite } from "./pass.ts";

/** The pass. */
export function fuseResidual(graph: Graph, log: Log): Graph {
  const shapes = check(graph);
  const position = new Map(graph.nodes.map((node, i) => [node.name, i]));
  const rewrite = new Rewrite(graph);

  /** Kernels of one filter a channel add nothing. */
  const isDepthwise = ({ attrs, inputs }: Node<"conv2d">) =>
    attrs.groups > 1 && shapes.get(inputs[1])![2] === 1;

  /** The branch of a sum that can take the other in: the later of two, so that its output is still in cache. */
  const branchOf = (sum: Node<"add">): { conv: Node<"conv2d">; other: string } | undefined => {
    const [a, b] = sum.inputs;
    if (a === b || !sameShape(shapes.get(a)!, shapes.get(b)!)) return undefined;
    return [{ name: a, other: b }, { name: b, other: a }]
      .toSorted((p, q) => (position.get(q.name) ?? -1) - (position.get(p.name) ?? -1))
      .map(({ name, other }) => ({ conv: rewrite.mergeable(name, "conv2d"), other }))
      .find((branch): branch is { conv: Node<"conv2d">; other: string } =>
        branch.conv !== undefined && !isDepthwise(branch.conv) && !branch.conv.attrs.limits &&
        !branch.conv.attrs.activation && branch.conv.inputs.length < 4
      );
  };

  for (const node of graph.nodes) {
    const branch = node.op === "add" ? branchOf(node) : undefined;
    if (!branch || node.op !== "add") {
      rewrite.put(node);
      continue;
    }
    const { conv, other } = branch;
    const outputs = shapes.get(conv.name)!.at(-1)!;
    const bias = conv.inputs[2] ??
      rewrite.addConstant(`${node.name}:bias`, { shape: [outputs], data: new Float32Array(outputs) });
    log(`fuse_residual: ${describe(node)} into ${describe(conv)}`);
    rewrite.put({
      ...conv,
      name: node.name,
      attrs: { ...conv.attrs, limits: node.attrs.limits },
      inputs: [conv.inputs[0], conv.inputs[1], bias, other],
    } as unknown as AnyNode);
  }
  return rewrite.finish();
}
