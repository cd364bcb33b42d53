/**
 * TensorFlow's operators that slide a window or multiply by a matrix, fused ones included (tensorflow/tensorflow: core/kernels/conv_ops_fused_impl.h).
 *
 * @module
 */

import type { Pair } from "../../geometry.ts";
import { formatShape } from "../../tensor.ts";
import { activations } from "./activations.ts";
import {
  type Call,
  checkNhwc,
  constantOf,
  fail,
  type Handler,
  inputOf,
  integersOf,
  mapOf,
  numberOf,
  paddingOf,
  type Result,
  spatial,
} from "./call.ts";
import { booleanAttr, stringsAttr } from "./graph_def.ts";
import { shapeOf, type Sliding, type TfValue } from "./translator.ts";

/** What `fused_ops` says: a bias or none, then the activation. */
function fusedOf(call: Call): { bias?: TfValue; activation?: string } {
  const fused = stringsAttr(call.node, "fused_ops").filter((name) => name !== "");
  const bias = fused[0] === "BiasAdd" ? inputOf(call, 2) : undefined;
  const rest = bias ? fused.slice(1) : fused;
  if (rest.length > 1 || (rest.length > 0 && !(rest[0] === "Prelu" || Object.hasOwn(activations, rest[0])))) {
    fail(call, `fused_ops are ${fused}`, "BiasAdd and an activation");
  }
  return { bias, activation: rest[0] };
}

/** Runs `make` and the activation fused into it. */
function fused(call: Call, make: (name: string, bias: TfValue | undefined) => TfValue): TfValue {
  const { bias, activation } = fusedOf(call), { node: { name }, to } = call;
  if (activation === undefined) return make(name, bias);
  const x = make(`${name}:linear`, bias);
  if (activation === "Prelu") return to.prelu(name, x, inputOf(call, bias ? 3 : 2));
  return activations[activation](to, name, x, numberOf(call, "leakyrelu_alpha", 0.2));
}

function convolution(depthwise: boolean): Handler {
  return (call): Result => {
    checkNhwc(call);
    const filter = constantOf(call, 1), { to } = call, [first] = call.inputs;
    if (filter.tensor.shape.length !== 4) {
      fail(call, `its filter is ${formatShape(filter.tensor.shape)}`, "4 axes (kh, kw, c, o)");
    }
    const sliding = {
      strides: spatial(call, "strides"),
      dilations: spatial(call, "dilations"),
      padding: paddingOf(call),
    };
    if (first?.kind !== "blocks") {
      const x = mapOf(call);
      return fused(call, (name, bias) => to.convolve(name, x, filter, bias, sliding, depthwise));
    }
    const plain = [...sliding.strides, ...sliding.dilations].every((n) => n === 1) &&
      sliding.padding === "VALID";
    if (!plain || first.convolve) {
      fail(
        call,
        "it has strides, dilations, padding or a convolution before it",
        "one plain convolution of blocks",
      );
    }
    const convolve = (dilated: Sliding) =>
      fused(call, (name, bias) => to.convolve(name, first.x, filter, bias, dilated, depthwise));
    return { ...first, convolve };
  };
}

/** Pairs of integers along y and x. */
function pairsOf(call: Call, index: number): [Pair, Pair] {
  const list = integersOf(call, index);
  if (list.length !== 4) fail(call, `input ${index} is ${list}`, "2 pairs of integers");
  return [[list[0], list[1]], [list[2], list[3]]];
}

const spaceToBatch: Handler = (call) => {
  const [y, x, ...more] = integersOf(call, 1);
  if (more.length > 0 || !(y > 0 && x > 0)) fail(call, `its block is ${[y, x, ...more]}`, "2 extents");
  return { kind: "blocks", dilations: [y, x], paddings: pairsOf(call, 2), x: mapOf(call) };
};

const batchToSpace: Handler = (call) => {
  const [first] = call.inputs;
  if (first?.kind !== "blocks" || !first.convolve) {
    return fail(call, "its input is no convolution of blocks", "SpaceToBatchND and a convolution before it");
  }
  const { dilations, paddings: [y, x], convolve } = first, [top, left] = pairsOf(call, 2);
  if (integersOf(call, 1).join() !== dilations.join()) fail(call, "its block is another", `${dilations}`);
  // What is cut off the result need not be computed: its zeros are left out.
  const padding = [y[0] - top[0], x[0] - left[0], y[1] - top[1], x[1] - left[1]] as const;
  if (padding.some((n) => n < 0)) fail(call, `it crops ${[top, left]}`, `at most ${[y, x]}`);
  return convolve({ strides: [1, 1], dilations, padding });
};

const matMul: Handler = (call) => {
  const { node, to } = call, x = inputOf(call, 0), matrix = constantOf(call, 1);
  if (booleanAttr(node, "transpose_a") || booleanAttr(node, "adj_x")) {
    fail(call, "transpose_a is true", "false");
  }
  if (shapeOf(matrix).length !== 2) fail(call, `its matrix is ${formatShape(shapeOf(matrix))}`, "2 axes");
  const turned = booleanAttr(node, "transpose_b") || booleanAttr(node, "adj_y");
  const weight = turned ? to.transpose(`${node.name}:turned`, matrix, [1, 0]) : matrix;
  return fused(call, (name, bias) => to.dense(name, x, weight, bias));
};

const batchNorm: Handler = (call) => {
  checkNhwc(call);
  if (booleanAttr(call.node, "is_training")) fail(call, "is_training is true", "an inference graph");
  const inputs = [0, 1, 2, 3, 4].map((index) => index === 0 ? inputOf(call, 0) : constantOf(call, index));
  return call.to.emit("batch_norm", call.node.name, { epsilon: numberOf(call, "epsilon", 1e-3) }, inputs);
};

function pool(kind: "max" | "avg"): Handler {
  return (call) => {
    checkNhwc(call);
    const sliding = { strides: spatial(call, "strides"), padding: paddingOf(call) };
    return call.to.pool(kind, call.node.name, mapOf(call), spatial(call, "ksize"), sliding);
  };
}

/** Handlers by operator name. */
export const windows: Readonly<Record<string, Handler>> = {
  Conv2D: convolution(false),
  _FusedConv2D: convolution(false),
  DepthwiseConv2dNative: convolution(true),
  FusedDepthwiseConv2dNative: convolution(true),
  SpaceToBatchND: spaceToBatch,
  BatchToSpaceND: batchToSpace,
  MatMul: matMul,
  BatchMatMul: matMul,
  BatchMatMulV2: matMul,
  _FusedMatMul: matMul,
  FusedBatchNorm: batchNorm,
  FusedBatchNormV2: batchNorm,
  FusedBatchNormV3: batchNorm,
  MaxPool: pool("max"),
  AvgPool: pool("avg"),
};
