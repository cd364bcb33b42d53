/**
 * The strongest form of the peer that we could make: our own graph, after our passes, on TensorFlow.js' fused convolutions. Batch norm is folded and
 * activations are fused, which the published model file has not, so that nothing is left to compare but kernels and what drives them.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import { optimizeLayers } from "../../src/compiler/passes/index.ts";
import { type AnyNode, describe, type Graph } from "../../src/graph/graph.ts";

/** A network on TensorFlow.js' fused operators; takes the graph's input and gives its outputs. */
export function fuse(source: Graph): (input: tf.Tensor4D) => tf.Tensor[] {
  const graph = optimizeLayers(source);
  const constants = new Map<string, tf.Tensor>();
  for (const node of graph.nodes) {
    for (const name of node.inputs) {
      const constant = graph.constants.get(name);
      if (!constant) continue;
      const [h, w, , c] = constant.shape;
      const shape = name === node.inputs[1] && isDepthwise(node) ? [h, w, c, 1] : [...constant.shape];
      constants.set(name, tf.tensor(constant.data, shape));
    }
  }
  return (input) =>
    tf.tidy(() => {
      const values = new Map(constants).set(graph.inputs[0].name, input);
      for (const node of graph.nodes) {
        values.set(node.name, run(node, node.inputs.map((name) => values.get(name)!)));
      }
      return graph.outputs.map((name) => values.get(name)!);
    });
}

function isDepthwise(node: AnyNode): boolean {
  return node.op === "conv2d" && node.attrs.groups > 1;
}

function run(node: AnyNode, inputs: readonly tf.Tensor[]): tf.Tensor {
  switch (node.op) {
    case "conv2d": {
      const [x, filter, bias, residual] = inputs as tf.Tensor4D[];
      const { strides, padding, limits } = node.attrs;
      const convolve = isDepthwise(node) ? tf.fused.depthwiseConv2d : tf.fused.conv2d;
      const y = convolve({
        x,
        filter,
        bias,
        strides: [...strides],
        pad: padding.some((p) => p > 0) ? "same" : "valid",
        activation: limits ? "relu6" : "linear",
      });
      return residual ? tf.add(y, residual) : y;
    }
    case "reshape":
      return tf.reshape(inputs[0], [...node.attrs.shape]);
    case "concat":
      return tf.concat([...inputs], node.attrs.axis);
    default:
      throw new Error(
        `Cannot run ${describe(node)} on TensorFlow.js: only conv2d, reshape and concat are needed`,
      );
  }
}
