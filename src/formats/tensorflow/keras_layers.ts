/**
 * Keras layers in terms of our operators, one line a name in the table (tensorflow/tfjs: tfjs-layers/src/layers).
 *
 * @module
 */

import { ModelError } from "../../errors.ts";
import type { Pair } from "../../geometry.ts";
import { channelsOf, elements, formatShape } from "../../tensor.ts";
import { activations } from "./activations.ts";
import { isRecord } from "./graph_def.ts";
import { known, shapeOf, type Sliding, type TfValue, type Translator } from "./translator.ts";

/** A layer to be translated. */
export interface Layer {
  /** What its value is called. */
  readonly name: string;
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly inputs: readonly TfValue[];
  /** One of its weights, by its name. */
  readonly weight: (name: string) => (TfValue & { kind: "constant" }) | undefined;
  readonly to: Translator;
}

type LayerHandler = (layer: Layer) => TfValue;

function fail({ name, className }: Layer, found: string, wanted: string): never {
  throw new ModelError(`Cannot read layer "${name}" (${className}): ${found}, wanted ${wanted}`);
}

function weightOf(layer: Layer, name: string): TfValue & { kind: "constant" } {
  return layer.weight(name) ??
    fail(layer, `its weight "${name}" is missing`, `"${layer.name}/${name}" in the manifest`);
}

function numberOf({ config }: Layer, name: string, missing: number): number {
  const value = config[name];
  return typeof value === "number" ? value : missing;
}

/** A pair of integers, or one for both. */
function pairOf(layer: Layer, name: string, missing: Pair): Pair {
  const value = layer.config[name] ?? missing;
  const [y, x]: unknown[] = Array.isArray(value) ? value : [value, value];
  if (!Number.isInteger(y) || !Number.isInteger(x)) {
    fail(layer, `${name} is ${JSON.stringify(value)}`, "2 integers");
  }
  return [Number(y), Number(x)];
}

function mapOf(layer: Layer): TfValue {
  const [x] = layer.inputs;
  return shapeOf(x).length === 4
    ? x
    : fail(layer, `its input is ${formatShape(shapeOf(x))}`, "4 axes (n, h, w, c)");
}

function slidingOf(layer: Layer): Sliding {
  const padding = String(layer.config.padding ?? "valid").toUpperCase();
  if (padding !== "SAME" && padding !== "VALID") fail(layer, `padding is ${padding}`, "same or valid");
  return {
    strides: pairOf(layer, "strides", [1, 1]),
    dilations: pairOf(layer, "dilation_rate", [1, 1]),
    padding,
  };
}

/** Activations by Keras' names, in both of its spellings. */
const ACTIVATIONS: Readonly<Record<string, string>> = {
  relu: "Relu",
  relu6: "Relu6",
  elu: "Elu",
  selu: "Selu",
  leaky_relu: "LeakyRelu",
  sigmoid: "Sigmoid",
  tanh: "Tanh",
  softmax: "Softmax",
};

function activate(layer: Layer, name: string, x: TfValue, activation: unknown): TfValue {
  // Custom ones are told as objects.
  const spelled = isRecord(activation) ? activation.config ?? activation.class_name : activation;
  const { to } = layer;
  switch (spelled ?? "linear") {
    case "linear":
      return x;
    case "swish":
    case "silu":
      return to.emit("silu", name, {}, [x]);
    case "mish":
      return to.emit("mish", name, {}, [x]);
    case "hard_sigmoid":
    case "hardSigmoid":
      return to.emit("hard_sigmoid", name, { alpha: 0.2, beta: 0.5 }, [x]);
  }
  const key = typeof spelled === "string" && Object.hasOwn(ACTIVATIONS, spelled)
    ? ACTIVATIONS[spelled]
    : undefined;
  return key === undefined
    ? fail(
      layer,
      `its activation is ${JSON.stringify(activation)}`,
      `one of linear, swish, mish, hard_sigmoid, ${Object.keys(ACTIVATIONS).join(", ")}`,
    )
    : activations[key](to, name, x, 0.2);
}

/** Runs a layer and its own activation. */
function activated(layer: Layer, make: (name: string) => TfValue): TfValue {
  const { activation } = layer.config;
  return activation === undefined || activation === null || activation === "linear"
    ? make(layer.name)
    : activate(layer, layer.name, make(`${layer.name}:linear`), activation);
}

function biasOf(layer: Layer): TfValue | undefined {
  return layer.config.use_bias === false ? undefined : weightOf(layer, "bias");
}

function convolution(layer: Layer): TfValue {
  const channels = channelsOf(shapeOf(mapOf(layer))), kernel = weightOf(layer, "kernel");
  if (kernel.tensor.shape.length !== 4 || kernel.tensor.shape[2] !== channels) {
    fail(
      layer,
      `its kernel is ${formatShape(kernel.tensor.shape)}`,
      `4 axes, the third of ${channels} channels`,
    );
  }
  return activated(
    layer,
    (name) => layer.to.convolve(name, mapOf(layer), kernel, biasOf(layer), slidingOf(layer), false),
  );
}

function depthwise(layer: Layer): TfValue {
  // Keras 3 calls it kernel.
  const kernel = layer.weight("depthwise_kernel") ?? weightOf(layer, "kernel");
  return activated(
    layer,
    (name) => layer.to.convolve(name, mapOf(layer), kernel, biasOf(layer), slidingOf(layer), true),
  );
}

function separable(layer: Layer): TfValue {
  const { to, name } = layer, filters = weightOf(layer, "depthwise_kernel");
  const pixelwise = { strides: [1, 1], dilations: [1, 1], padding: "VALID" } as const;
  const spread = to.convolve(`${name}:depthwise`, mapOf(layer), filters, undefined, slidingOf(layer), true);
  return activated(
    layer,
    (name) => to.convolve(name, spread, weightOf(layer, "pointwise_kernel"), biasOf(layer), pixelwise, false),
  );
}

function dense(layer: Layer): TfValue {
  const kernel = weightOf(layer, "kernel");
  if (kernel.tensor.shape.length !== 2) {
    fail(layer, `its kernel is ${formatShape(kernel.tensor.shape)}`, "2 axes");
  }
  return activated(layer, (name) => layer.to.dense(name, layer.inputs[0], kernel, biasOf(layer)));
}

function batchNorm(layer: Layer): TfValue {
  const { to, name, inputs: [x], config } = layer,
    axis = Array.isArray(config.axis) ? config.axis[0] : config.axis ?? -1;
  const rank = shapeOf(x).length, channels = channelsOf(shapeOf(x));
  if (axis !== -1 && axis !== rank - 1) fail(layer, `its axis is ${axis} of ${rank}`, "the last");
  const one = (weight: string, wanted: unknown, value: number) =>
    wanted === false ? to.fill(`${name}:${weight}`, [channels], value) : weightOf(layer, weight);
  return to.emit("batch_norm", name, { epsilon: numberOf(layer, "epsilon", 1e-3) }, [
    x,
    one("gamma", config.scale, 1),
    one("beta", config.center, 0),
    weightOf(layer, "moving_mean"),
    weightOf(layer, "moving_variance"),
  ]);
}

function relu(layer: Layer): TfValue {
  const { to, name, inputs: [x], config } = layer;
  if (numberOf(layer, "threshold", 0) !== 0) fail(layer, `its threshold is ${config.threshold}`, "0");
  const slope = numberOf(layer, "negative_slope", 0),
    limit = typeof config.max_value === "number" ? config.max_value : undefined;
  if (slope === 0) return to.emit("clip", name, { lo: 0, ...(limit !== undefined && { hi: limit }) }, [x]);
  const leaky = to.emit("leaky_relu", limit === undefined ? name : `${name}:leaky`, { alpha: slope }, [x]);
  return limit === undefined ? leaky : to.emit("clip", name, { hi: limit }, [leaky]);
}

function pool(kind: "max" | "avg"): LayerHandler {
  return (layer) => {
    const kernel = pairOf(layer, "pool_size", [2, 2]), { padding } = slidingOf(layer);
    return layer.to.pool(kind, layer.name, mapOf(layer), kernel, {
      strides: pairOf(layer, "strides", kernel),
      padding,
    });
  };
}

/** Pairs before and after, along y and x: one number, two, or two pairs. */
function borders(layer: Layer, name: string, missing: number): [Pair, Pair] {
  const value = layer.config[name] ?? missing;
  const [y, x]: unknown[] = Array.isArray(value) ? value : [value, value];
  const pair = (side: unknown): Pair => {
    const [before, after]: unknown[] = Array.isArray(side) ? side : [side, side];
    if (!Number.isInteger(before) || !Number.isInteger(after)) {
      fail(layer, `${name} is ${JSON.stringify(value)}`, "integers");
    }
    return [Number(before), Number(after)];
  };
  return [pair(y), pair(x)];
}

function zeroPadding(layer: Layer): TfValue {
  const [y, x] = borders(layer, "padding", 1);
  return layer.to.emit(
    "pad",
    layer.name,
    { before: [0, y[0], x[0], 0], after: [0, y[1], x[1], 0], value: 0 },
    [mapOf(layer)],
  );
}

function cropping(layer: Layer): TfValue {
  const [y, x] = borders(layer, "cropping", 0), [n, height, width, c] = shapeOf(mapOf(layer));
  return layer.to.slice(layer.name, mapOf(layer), [0, y[0], x[0], 0], [
    n,
    height - y[0] - y[1],
    width - x[0] - x[1],
    c,
  ]);
}

function upSampling(layer: Layer): TfValue {
  const [y, x] = pairOf(layer, "size", [2, 2]), [, height, width] = shapeOf(mapOf(layer));
  const { interpolation = "nearest" } = layer.config;
  if (interpolation !== "nearest" && interpolation !== "bilinear") {
    fail(layer, `interpolation is ${interpolation}`, "nearest or bilinear");
  }
  const size = [height * y, width * x] as const;
  // TensorFlow.js samples bilinear pixels at their corners.
  return interpolation === "nearest"
    ? layer.to.emit("resize", layer.name, {
      size,
      mode: "nearest",
      coordinates: "asymmetric",
      rounding: "floor",
    }, [mapOf(layer)])
    : layer.to.emit("resize", layer.name, { size, mode: "linear", coordinates: "asymmetric" }, [
      mapOf(layer),
    ]);
}

function reshape(layer: Layer): TfValue {
  const { target_shape: target } = layer.config, [x] = layer.inputs, from = shapeOf(x);
  if (!Array.isArray(target)) return fail(layer, "it has no target_shape", "a list of integers");
  const told = target.map((n) => n === null ? -1 : Number(n));
  const rest = told.reduce((product, n) => n === -1 ? product : product * n, from[0]);
  return layer.to.reshape(layer.name, x, [from[0], ...told.map((n) => n === -1 ? elements(from) / rest : n)]);
}

function flatten(layer: Layer): TfValue {
  const [x] = layer.inputs, [batch] = shapeOf(x);
  return layer.to.reshape(layer.name, x, [batch, elements(shapeOf(x)) / batch]);
}

function permute(layer: Layer): TfValue {
  const { dims } = layer.config;
  return layer.to.transpose(layer.name, layer.inputs[0], [0, ...Array.isArray(dims) ? dims.map(Number) : []]);
}

function prelu(layer: Layer): TfValue {
  const alpha = weightOf(layer, "alpha");
  return layer.to.prelu(layer.name, layer.inputs[0], alpha);
}

/** An operator taken two by two from the left. */
function merge(op: "add" | "sub" | "mul" | "maximum" | "minimum"): LayerHandler {
  return ({ name, to, inputs }) =>
    inputs.slice(1).reduce((joined, value, i) => {
      const part = i === inputs.length - 2 ? name : `${name}:${i}`;
      return op === "minimum" ? to.minimum(part, joined, value) : to.binary(op, part, joined, value);
    }, inputs[0]);
}

function average(layer: Layer): TfValue {
  const { name, to, inputs } = layer, sum = merge("add")({ ...layer, name: `${name}:sum` });
  return to.binary("mul", name, sum, known(`${name}:part`, [], [1 / inputs.length]));
}

function concatenate(layer: Layer): TfValue {
  const rank = shapeOf(layer.inputs[0]).length, axis = numberOf(layer, "axis", -1);
  const from = axis < 0 ? axis + rank : axis;
  if (!(Number.isInteger(from) && from >= 0 && from < rank)) {
    fail(layer, `its axis is ${axis}`, `one of ${rank}`);
  }
  return layer.to.concat(layer.name, layer.inputs, from);
}

function rescaling(layer: Layer): TfValue {
  const { name, to, inputs: [x] } = layer;
  const scaled = to.binary(
    "mul",
    `${name}:scaled`,
    x,
    known(`${name}:scale`, [], [numberOf(layer, "scale", 1)]),
  );
  return to.binary("add", name, scaled, known(`${name}:offset`, [], [numberOf(layer, "offset", 0)]));
}

function softmax(layer: Layer): TfValue {
  const [x] = layer.inputs, rank = shapeOf(x).length, axis = numberOf(layer, "axis", -1);
  if (axis !== -1 && axis !== rank - 1) fail(layer, `its axis is ${axis} of ${rank}`, "the last");
  return layer.to.emit("softmax", layer.name, {}, [x]);
}

function globalPool(kind: "max" | "avg"): LayerHandler {
  return (layer) => layer.to.globalPool(kind, layer.name, mapOf(layer), layer.config.keepdims === true);
}

const identity: LayerHandler = ({ inputs: [x] }) => x;

/** Handlers by class name. */
export const layers: Readonly<Record<string, LayerHandler>> = {
  Conv2D: convolution,
  DepthwiseConv2D: depthwise,
  SeparableConv2D: separable,
  Dense: dense,
  BatchNormalization: batchNorm,
  BatchNormalizationV1: batchNorm,
  ReLU: relu,
  LeakyReLU: (layer) =>
    layer.to.emit("leaky_relu", layer.name, {
      alpha: numberOf(layer, "alpha", numberOf(layer, "negative_slope", 0.3)),
    }, layer.inputs),
  PReLU: prelu,
  ELU: (layer) => layer.to.elu(layer.name, layer.inputs[0], numberOf(layer, "alpha", 1)),
  Softmax: softmax,
  Activation: (layer) => activate(layer, layer.name, layer.inputs[0], layer.config.activation),
  MaxPooling2D: pool("max"),
  AveragePooling2D: pool("avg"),
  GlobalAveragePooling2D: globalPool("avg"),
  GlobalMaxPooling2D: globalPool("max"),
  ZeroPadding2D: zeroPadding,
  Cropping2D: cropping,
  UpSampling2D: upSampling,
  Flatten: flatten,
  Reshape: reshape,
  Permute: permute,
  Add: merge("add"),
  Subtract: merge("sub"),
  Multiply: merge("mul"),
  Maximum: merge("maximum"),
  Minimum: merge("minimum"),
  Average: average,
  Concatenate: concatenate,
  Rescaling: rescaling,
  InputLayer: identity,
  Dropout: identity,
  SpatialDropout2D: identity,
  GaussianNoise: identity,
  GaussianDropout: identity,
  AlphaDropout: identity,
  ActivityRegularization: identity,
};
