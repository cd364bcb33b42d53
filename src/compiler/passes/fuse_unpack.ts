/**
 * Merges the unpacking of a photo's bytes into the first convolution, which copies rows of its input anyway and unpacks them then: no floats of the whole photo are
 * written.
 *
 * @module
 */

import { check, describe, type Graph, type Node } from "../../graph/graph.ts";
import { waysOfConv2d } from "../../ops/conv2d.ts";
import type { Shape } from "../../tensor.ts";
import { type Log, Rewrite } from "./pass.ts";

/** Whether a convolution copies rows of its input on any processor. */
export function copiesRows(
  { attrs, inputs }: Node<"conv2d">,
  shapes: ReadonlyMap<string, Shape>,
): boolean {
  const [x, weight] = inputs.map((name) => shapes.get(name)!);
  return (["x86-64", "aarch64"] as const).every((arch) =>
    waysOfConv2d(attrs, x, weight, inputs.length > 3, arch)[0].strategy === "implicit_gemm"
  );
}

/** The pass. */
export function fuseUnpack(graph: Graph, log: Log): Graph {
  const shapes = check(graph);
  const photos = new Set(graph.nodes.filter(({ op }) => op === "unpack_rgba").map(({ name }) => name));
  const rewrite = new Rewrite(graph);
  for (const node of graph.nodes) {
    const [x, ...others] = node.inputs;
    if (node.op !== "conv2d" || !photos.has(x)) {
      rewrite.put(node);
      continue;
    }
    const unpack = others.includes(x) ? undefined : rewrite.mergeable(x, "unpack_rgba");
    if (!unpack || !copiesRows(node, shapes)) {
      log(
        `fuse_unpack: "${x}" and ${describe(node)} stay apart: ${
          unpack ? "a kernel that copies no rows is faster" : "others read what is between them"
        }`,
        "left",
      );
      rewrite.put(node);
      continue;
    }
    log(`fuse_unpack: ${describe(unpack)} into ${describe(node)}`);
    rewrite.put({
      name: node.name,
      op: "unpacked_conv2d",
      attrs: { ...node.attrs, unpack: unpack.attrs },
      inputs: [...unpack.inputs, ...others],
    });
  }
  return rewrite.finish();
}
