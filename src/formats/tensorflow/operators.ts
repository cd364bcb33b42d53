/**
 * TensorFlow's operators in terms of ours. One line a name in the table; shape arithmetic is folded away.
 *
 * @module
 */

import { ModelError } from "../../errors.ts";
import { namedPadding, type Padding, type Pair } from "../../geometry.ts";
import type { GraphBuilder } from "../../graph/builder.ts";
import { opOf } from "../../ops/index.ts";
import type { OpName } from "../../ops/index.ts";
import type { AttrsOf } from "../../ops/index.ts";
import { elements, formatShape, type Shape } from "../../tensor.ts";
import {
  booleanAttr,
  integersAttr,
  numberAttr,
  stringAttr,
  type TfNode,
  type TfTensor,
} from "./graph_def.ts";

/** A value while a graph is being read: known, or computed by the network. */
export type TfValue =
  | { readonly kind: "constant"; readonly name: string; readonly tensor: TfTensor }
  | { readonly kind: "computed"; readonly name: string; readonly shape: Shape };

/** Emits nodes of the graph being built. */
export class Translator {
  readonly #builder: GraphBuilder;
  readonly #constants = new Set<string>();

  /** Translates into `builder`. */
  constructor(builder: GraphBuilder) {
    this.#builder = builder;
  }

  /** Adds a node whose inputs may be constants; constants enter the graph when first used. */
  emit<Name extends OpName>(
    op: Name,
    name: string,
    attrs: AttrsOf<Name>,
    inputs: readonly TfValue[],
  ): TfValue {
    for (const input of inputs) if (input.kind === "constant") this.constant(input.name, input.tensor);
    const shape = opOf(op).infer(attrs, inputs.map(shapeOf), `${op} "${name}"`);
    this.#builder.node(op, name, attrs, inputs.map((input) => input.name));
    return { kind: "computed", name, shape };
  }

  /** Adds a constant, once. */
  constant(name: string, { shape, data }: TfTensor): TfValue {
    if (!this.#constants.has(name)) {
      this.#constants.add(name);
      this.#builder.constant(name, shape, data instanceof Float32Array ? data : Float32Array.from(data));
    }
    return { kind: "constant", name, tensor: { shape, data } };
  }
}

/** Shape of a value. */
export function shapeOf(value: TfValue): Shape {
  return value.kind === "constant" ? value.tensor.shape : value.shape;
}

type Handler = (node: TfNode, inputs: readonly TfValue[], to: Translator) => TfValue;

function fail(node: TfNode, found: string, wanted: string): never {
  throw new ModelError(`Cannot read node "${node.name}" (${node.op}): ${found}, wanted ${wanted}`);
}

function constantOf(node: TfNode, inputs: readonly TfValue[], index: number): TfTensor {
  const value = inputs[index];
  if (value?.kind !== "constant") {
    return fail(node, `input ${index} is ${value ? "computed" : "missing"}`, "a constant");
  }
  return value.tensor;
}

function integersOf(node: TfNode, inputs: readonly TfValue[], index: number): number[] {
  return Array.from(constantOf(node, inputs, index).data);
}

function known(name: string, shape: Shape, data: readonly number[]): TfValue {
  return { kind: "constant", name, tensor: { shape, data: Int32Array.from(data) } };
}

/** The height and width entries of an NHWC list attribute; 1 and 1 when missing. */
function spatial(node: TfNode, name: string): Pair {
  const list = integersAttr(node, name);
  if (!list || list.length === 0) return [1, 1];
  if (list.length !== 4 || list[0] !== 1 || list[3] !== 1) {
    return fail(node, `${name} is ${list}`, "1, y, x, 1");
  }
  return [list[1], list[2]];
}

function paddingOf(node: TfNode, input: Shape, kernel: Pair, strides: Pair, dilations: Pair): Padding {
  const name = stringAttr(node, "padding");
  if (name !== "SAME" && name !== "VALID") return fail(node, `padding is ${name}`, "SAME or VALID");
  return namedPadding(name, [input[1], input[2]], kernel, strides, dilations);
}

function checkNhwc(node: TfNode): void {
  const format = stringAttr(node, "data_format") ?? "NHWC";
  if (format !== "NHWC") fail(node, `data_format is ${format}`, "NHWC");
}

function convolution(depthwise: boolean): Handler {
  return (node, inputs, to) => {
    checkNhwc(node);
    const filter = constantOf(node, inputs, 1);
    const [kh, kw, channels, last] = filter.shape;
    const strides = spatial(node, "strides"), dilations = spatial(node, "dilations");
    const padding = paddingOf(node, shapeOf(inputs[0]), [kh, kw], strides, dilations);
    const groups = depthwise ? channels : 1;
    // [kh, kw, c, multiplier] holds the same values in the same order as [kh, kw, 1, c * multiplier].
    const weight: TfValue = depthwise
      ? { kind: "constant", name: inputs[1].name, tensor: { ...filter, shape: [kh, kw, 1, channels * last] } }
      : inputs[1];
    return to.emit("conv2d", node.name, { strides, padding, dilations, groups }, [inputs[0], weight]);
  };
}

const batchNorm: Handler = (node, inputs, to) => {
  checkNhwc(node);
  if (booleanAttr(node, "is_training")) fail(node, "is_training is true", "an inference graph");
  return to.emit("batch_norm", node.name, { epsilon: numberAttr(node, "epsilon") ?? 1e-3 }, inputs);
};

/** A commutative operator: a constant operand goes second. */
function commutative(op: "add" | "mul"): Handler {
  return (node, [a, b], to) => to.emit(op, node.name, {}, a.kind === "constant" ? [b, a] : [a, b]);
}

const addMany: Handler = (node, inputs, to) => {
  const [first, ...rest] = inputs;
  return rest.reduce((sum, value, i) => {
    const name = i === rest.length - 1 ? node.name : `${node.name}:${i}`;
    return to.emit("add", name, {}, sum.kind === "constant" ? [value, sum] : [sum, value]);
  }, first);
};

const subtract: Handler = (node, [a, b], to) => {
  const { shape, data } = constantOf(node, [a, b], 1);
  const negated: TfValue = {
    kind: "constant",
    name: `${node.name}:negated`,
    tensor: { shape, data: Float32Array.from(data, (value) => -value) },
  };
  return to.emit("add", node.name, {}, [a, negated]);
};

function pool(kind: "max" | "avg"): Handler {
  return (node, inputs, to) => {
    checkNhwc(node);
    const kernel = spatial(node, "ksize"), strides = spatial(node, "strides");
    const padding = paddingOf(node, shapeOf(inputs[0]), kernel, strides, [1, 1]);
    return kind === "max"
      ? to.emit("max_pool", node.name, { kernel, strides, padding }, inputs)
      : to.emit("avg_pool", node.name, { kernel, strides, padding, countPadding: false }, inputs);
  };
}

const mean: Handler = (node, inputs, to) => {
  const x = shapeOf(inputs[0]);
  const axes = integersOf(node, inputs, 1).map((axis) => axis < 0 ? axis + x.length : axis).toSorted();
  if (x.length !== 4 || axes.join() !== "1,2") {
    fail(node, `it reduces axes ${axes} of ${formatShape(x)}`, "axes 1 and 2");
  }
  const keep = booleanAttr(node, "keep_dims");
  const attrs = {
    kernel: [x[1], x[2]] as const,
    strides: [1, 1] as const,
    padding: [0, 0, 0, 0] as const,
    countPadding: false,
  };
  const pooled = to.emit("avg_pool", keep ? node.name : `${node.name}:pooled`, attrs, [inputs[0]]);
  return keep ? pooled : to.emit("reshape", node.name, { shape: [x[0], x[3]] }, [pooled]);
};

const reshape: Handler = (node, inputs, to) => {
  const from = shapeOf(inputs[0]);
  const wanted = integersOf(node, inputs, 1);
  const rest = wanted.reduce((product, n) => n === -1 ? product : product * n, 1);
  return to.emit("reshape", node.name, { shape: wanted.map((n) => n === -1 ? elements(from) / rest : n) }, [
    inputs[0],
  ]);
};

const squeeze: Handler = (node, inputs, to) => {
  const from = shapeOf(inputs[0]);
  const named = integersAttr(node, "squeeze_dims") ?? integersAttr(node, "axis") ?? [];
  const axes = named.map((axis) => axis < 0 ? axis + from.length : axis);
  const shape = from.filter((n, axis) => !(axes.length > 0 ? axes.includes(axis) : n === 1));
  return to.emit("reshape", node.name, { shape }, [inputs[0]]);
};

const concat: Handler = (node, inputs, to) => {
  const values = inputs.slice(0, -1);
  const [axis] = integersOf(node, inputs, inputs.length - 1);
  return to.emit("concat", node.name, { axis: axis < 0 ? axis + shapeOf(values[0]).length : axis }, values);
};

const stridedSlice: Handler = (node, inputs) => {
  const values = integersOf(node, inputs, 0);
  const [[begin], [end], [step]] = [1, 2, 3].map((index) => integersOf(node, inputs, index));
  const picked = numberAttr(node, "shrink_axis_mask") === 1
    ? [values.at(begin) ?? fail(node, `it takes entry ${begin} of ${values.length}`, "one that exists")]
    : step === 1
    ? values.slice(begin, end)
    : fail(node, `stride is ${step}`, "1");
  return known(node.name, numberAttr(node, "shrink_axis_mask") === 1 ? [] : [picked.length], picked);
};

const pack: Handler = (node, inputs) => {
  const values = inputs.map((_, i) => integersOf(node, inputs, i));
  if (values.some((v) => v.length !== 1)) fail(node, "it packs tensors", "scalars of a shape");
  return known(node.name, [values.length], values.flat());
};

const identity: Handler = (_node, [x]) => x;

/** Handlers by operator name. */
const handlers: Readonly<Record<string, Handler>> = {
  Conv2D: convolution(false),
  DepthwiseConv2dNative: convolution(true),
  FusedBatchNorm: batchNorm,
  FusedBatchNormV2: batchNorm,
  FusedBatchNormV3: batchNorm,
  BiasAdd: commutative("add"),
  Add: commutative("add"),
  AddV2: commutative("add"),
  AddN: addMany,
  Sub: subtract,
  Mul: commutative("mul"),
  Relu: (node, inputs, to) => to.emit("clip", node.name, { lo: 0 }, inputs),
  Relu6: (node, inputs, to) => to.emit("clip", node.name, { lo: 0, hi: 6 }, inputs),
  Sigmoid: (node, inputs, to) => to.emit("sigmoid", node.name, {}, inputs),
  Softmax: (node, inputs, to) => to.emit("softmax", node.name, {}, inputs),
  MaxPool: pool("max"),
  AvgPool: pool("avg"),
  Mean: mean,
  Reshape: reshape,
  Squeeze: squeeze,
  ConcatV2: concat,
  Shape: (node, [x]) => known(node.name, [shapeOf(x).length], shapeOf(x)),
  StridedSlice: stridedSlice,
  Pack: pack,
  Identity: identity,
};

/** Inputs that an operator wants at least, where it is more than one. */
const leastInputs: Readonly<Record<string, number>> = {
  Conv2D: 2,
  DepthwiseConv2dNative: 2,
  FusedBatchNorm: 5,
  FusedBatchNormV2: 5,
  FusedBatchNormV3: 5,
  BiasAdd: 2,
  Add: 2,
  AddV2: 2,
  Sub: 2,
  Mul: 2,
  Mean: 2,
  Reshape: 2,
  ConcatV2: 2,
  StridedSlice: 4,
};

/**
 * Translates one node.
 *
 * @throws {ModelError} If its operator or attributes are not supported.
 */
export function translate(node: TfNode, inputs: readonly TfValue[], to: Translator): TfValue {
  const handler = Object.hasOwn(handlers, node.op) ? handlers[node.op] : undefined;
  if (!handler) {
    return fail(node, "the operator is not supported", `one of ${Object.keys(handlers).join(", ")}`);
  }
  const least = leastInputs[node.op] ?? 1;
  if (inputs.length < least) fail(node, `it has ${inputs.length} inputs`, `at least ${least}`);
  return handler(node, inputs, to);
}
