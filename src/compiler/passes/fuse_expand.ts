/**
 * Merges a pointwise convolution into the depthwise one behind it where the map between them is too large for a second-level cache. Only at stride 2: there a strip
 * expands one row in twenty or so twice; at stride 1 the seams would cost more than the cache saves (`deno task bench:kernels`).
 *
 * @module
 */

import { type AnyNode, check, describe, type Graph, type Node } from "../../graph/graph.ts";
import { elements, type Shape } from "../../tensor.ts";
import { type Log, Rewrite } from "./pass.ts";

/** Bytes from which a map is too large. */
const LARGE_BYTES = 2 ** 20;

/** The pass. */
export function fuseExpand(graph: Graph, log: Log): Graph {
  const shapes = check(graph);
  const rewrite = new Rewrite(graph);
  for (const node of graph.nodes) {
    const expand = node.op === "conv2d" && isDepthwise(node, shapes)
      ? rewrite.mergeable(node.inputs[0], "conv2d")
      : undefined;
    if (
      !expand || node.op !== "conv2d" || node.inputs.length > 3 || node.attrs.strides[0] !== 2 ||
      node.attrs.strides[1] > 2 ||
      !isPointwise(expand, shapes) || elements(shapes.get(expand.name)!) * 4 < LARGE_BYTES
    ) {
      rewrite.put(node);
      continue;
    }
    const [expandWeight, expandBias] = withBias(expand, shapes, rewrite);
    const [filter, bias] = withBias(node, shapes, rewrite);
    log(`fuse_expand: ${describe(expand)} into ${describe(node)}`);
    rewrite.put({
      name: node.name,
      op: "expand_depthwise",
      attrs: { ...node.attrs, expandLimits: expand.attrs.limits },
      inputs: [expand.inputs[0], expandWeight, expandBias, filter, bias],
    });
  }
  return rewrite.finish();
}

function isPointwise({ attrs, inputs }: Node<"conv2d">, shapes: ReadonlyMap<string, Shape>): boolean {
  const [kh, kw] = shapes.get(inputs[1])!;
  return kh === 1 && kw === 1 && attrs.groups === 1 && inputs.length < 4 &&
    attrs.strides.every((s) => s === 1) && attrs.padding.every((p) => p === 0);
}

function isDepthwise(
  { attrs, inputs }: AnyNode & Node<"conv2d">,
  shapes: ReadonlyMap<string, Shape>,
): boolean {
  const channels = shapes.get(inputs[0])![3];
  return attrs.groups === channels && shapes.get(inputs[1])![3] === channels && channels > 1;
}

/** Names of a convolution's weight and bias; zeros where it has none. */
function withBias(
  { name, inputs }: Node<"conv2d">,
  shapes: ReadonlyMap<string, Shape>,
  rewrite: Rewrite,
): [string, string] {
  if (inputs.length > 2) return [inputs[1], inputs[2]];
  const outputs = rewrite.constant(inputs[1])?.shape[3] ?? shapes.get(inputs[1])![3];
  return [
    inputs[1],
    rewrite.addConstant(`${name}:bias`, { shape: [outputs], data: new Float32Array(outputs) }),
  ];
}
