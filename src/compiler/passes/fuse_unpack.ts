/**
 * Merges the unpacking of a photo's bytes into the first convolution, which copies rows of its input anyway and unpacks them then: no floats of the whole photo are
 * written.
 *
 * @module
 */

import { check, describe, type Graph } from "../../graph/graph.ts";
import { waysOfConv2d } from "../../ops/conv2d.ts";
import { type Log, Rewrite } from "./pass.ts";

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
    const copiesRows = (["x86-64", "aarch64"] as const).every((arch) =>
      waysOfConv2d(node.attrs, shapes.get(x)!, shapes.get(others[0])!, others.length > 2, arch)[0]
        .strategy ===
        "implicit_gemm"
    );
    if (!unpack || !copiesRows) {
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
