/**
 * Folds what scales and shifts the channels of a convolution into its weights and bias: batch normalisation in all its forms, separate
 * multiplications and additions by constants, and additions that stand behind a residual sum.
 *
 * @module
 */

import type { AnyNode, Graph, Node } from "../../graph/graph.ts";
import { describe } from "../../graph/graph.ts";
import { batchNormAffine } from "../../ops/batch_norm.ts";
import { elements, type Tensor } from "../../tensor.ts";
import { type Log, Rewrite } from "./pass.ts";

/** `x * scale + offset` by channel; what is left out is 1 or 0. */
interface Affine {
  readonly scale?: Float64Array;
  readonly offset?: Float64Array;
}

/** A node as an affine map of its first input by channel, if it is one. */
function affineOf(node: AnyNode, rewrite: Rewrite): Affine | undefined {
  const vector = (tensor: Tensor | undefined) =>
    tensor && elements(tensor.shape) === tensor.shape.at(-1) ? Float64Array.from(tensor.data) : undefined;
  switch (node.op) {
    case "batch_norm": {
      const [gamma, beta, mean, variance] = node.inputs.slice(1).map((name) => rewrite.constant(name));
      if (!gamma || !beta || !mean || !variance || node.attrs.limits) return undefined;
      return batchNormAffine(node.attrs.epsilon, gamma, beta, mean, variance);
    }
    case "mul": {
      const scale = vector(rewrite.constant(node.inputs[1]));
      return scale && !node.attrs.limits ? { scale } : undefined;
    }
    case "add": {
      const offset = vector(rewrite.constant(node.inputs[1]));
      return offset && !node.attrs.limits ? { offset } : undefined;
    }
    default:
      return undefined;
  }
}

/** A convolution followed by an affine map, as one convolution of another name. */
function fold(
  conv: Node<"conv2d">,
  affine: Affine,
  name: string,
  rewrite: Rewrite,
): Node<"conv2d"> | undefined {
  const weight = rewrite.constant(conv.inputs[1]);
  const bias = conv.inputs[2] === undefined ? undefined : rewrite.constant(conv.inputs[2]);
  if (
    !weight || (conv.inputs.length > 2 && !bias) || conv.inputs.length > 3 || conv.attrs.limits ||
    conv.attrs.activation
  ) {
    return undefined;
  }
  const outputs = weight.shape[3];
  const { scale, offset } = affine;
  const folded = Float32Array.from(
    { length: outputs },
    (_, o) => (bias ? bias.data[o] : 0) * (scale ? scale[o] : 1) + (offset ? offset[o] : 0),
  );
  const weightName = scale
    ? rewrite.addConstant(`${name}:weight`, {
      shape: weight.shape,
      data: weight.data.map((value, i) => value * scale[i % outputs]),
    })
    : conv.inputs[1];
  const biasName = rewrite.addConstant(`${name}:bias`, { shape: [outputs], data: folded });
  return { ...conv, name, inputs: [conv.inputs[0], weightName, biasName] };
}

/** The pass. */
export function foldBatchnorm(graph: Graph, log: Log): Graph {
  const rewrite = new Rewrite(graph);
  for (const node of graph.nodes) {
    const affine = affineOf(node, rewrite);
    const conv = affine && rewrite.mergeable(node.inputs[0], "conv2d");
    const folded = conv && fold(conv, affine, node.name, rewrite);
    if (folded) {
      log(`fold_batchnorm: ${describe(node)} into ${describe(conv)}`);
      rewrite.put(folded as unknown as AnyNode);
      continue;
    }
    // (conv + residual) + constant = (conv + constant) + residual
    const sum = affine?.offset && !affine.scale && rewrite.mergeable(node.inputs[0], "add");
    const branch = sum && !sum.attrs.limits &&
      sum.inputs.findIndex((name) => rewrite.mergeable(name, "conv2d"));
    if (sum && typeof branch === "number" && branch >= 0) {
      const shifted = rewrite.mergeable(sum.inputs[branch], "conv2d")!;
      const moved = fold(shifted, affine, shifted.name, rewrite);
      if (moved) {
        log(`fold_batchnorm: ${describe(node)} past ${describe(sum)} into ${describe(shifted)}`);
        rewrite.replace(moved as unknown as AnyNode);
        rewrite.put({ ...sum, name: node.name } as unknown as AnyNode);
        continue;
      }
    }
    rewrite.put(node);
  }
  return rewrite.finish();
}
