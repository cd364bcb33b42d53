/**
 * Merges a pointwise convolution into the depthwise one behind it where the map between them is too large for a second-level cache. Only at stride 2: at stride 1, where a map as
 * large is written all the same, nothing is gained.
 *
 * @module
 */

import { type AnyNode, check, describe, type Graph, type Node } from "../../graph/graph.ts";
import { isPointwise } from "../../ops/conv2d.ts";
import { elements, type Shape } from "../../tensor.ts";
import { type Log, Rewrite } from "./pass.ts";

/** Bytes from which a map is too large. */
const LARGE_BYTES = 2 ** 20;

/** The pass. */
export function fuseExpand(graph: Graph, log: Log): Graph {
  const shapes = check(graph);
  const rewrite = new Rewrite(graph);
  const pointwise = new Set<string>();
  for (const node of graph.nodes) {
    if (
      node.op === "conv2d" && node.inputs.length < 4 && isPointwise(node.attrs, shapes.get(node.inputs[1])!)
    ) pointwise.add(node.name);
    if (node.op !== "conv2d" || !isDepthwise(node, shapes) || !pointwise.has(node.inputs[0])) {
      rewrite.put(node);
      continue;
    }
    const expand = rewrite.mergeable(node.inputs[0], "conv2d");
    const reason = expand ? whyApart(node, shapes) : "others read what is between them";
    if (!expand || reason !== undefined) {
      log(`fuse_expand: "${node.inputs[0]}" and ${describe(node)} stay apart: ${reason}`, "left");
      rewrite.put(node);
      continue;
    }
    const [expandWeight, expandBias] = withBias(expand, shapes, rewrite);
    const [filter, bias] = withBias(node, shapes, rewrite);
    log(`fuse_expand: ${describe(expand)} into ${describe(node)}`);
    rewrite.put({
      name: node.name,
      op: "expand_depthwise",
      attrs: {
        ...node.attrs,
        expandLimits: expand.attrs.limits,
        expandActivation: expand.attrs.activation,
      },
      inputs: [expand.inputs[0], expandWeight, expandBias, filter, bias],
    });
  }
  return rewrite.finish();
}

/** Why a depthwise convolution does not take in the pointwise one before it; `undefined` if it does. */
function whyApart({ attrs, inputs }: Node<"conv2d">, shapes: ReadonlyMap<string, Shape>): string | undefined {
  const bytes = elements(shapes.get(inputs[0])!) * 4;
  if (inputs.length > 3) return "the filter adds a residual";
  if (attrs.strides[0] !== 2 || attrs.strides[1] > 2) {
    return `the stride is ${attrs.strides.join("x")}, where nothing is gained; wanted 2`;
  }
  if (bytes < LARGE_BYTES) {
    return `the map between them is ${bytes} bytes, which a cache holds; wanted at least ${LARGE_BYTES}`;
  }
  return undefined;
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
