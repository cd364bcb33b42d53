/**
 * Caffe's layers, one function a type (BVLC/caffe, src/caffe/layers; weiliu89/caffe for those of detectors).
 *
 * @module
 */

import { ceilPadding, type Padding, type Pair } from "../../geometry.ts";
import { elements, formatShape } from "../../tensor.ts";
import { toHwio } from "../hwio.ts";
import { detectionOutput, normalize, priorBox } from "./detector_layers.ts";
import type { Message } from "./message.ts";
import { axisOf, pairOf } from "./params.ts";
import { concat, flatten, permute, reshape, slice } from "./shape_layers.ts";
import type { Blob, LayerReader, Translator } from "./translator.ts";

/** Layers that only training needs. */
export const SKIPPED: ReadonlySet<string> = new Set([
  "Accuracy",
  "DetectionEvaluate",
  "EuclideanLoss",
  "MultiBoxLoss",
  "SmoothL1Loss",
  "SoftmaxWithLoss",
]);

function convolution(
  layer: Message,
  inputs: readonly Blob[],
  t: Translator,
  depthwise = false,
): readonly Blob[] {
  const name = layer.word("name"), param = layer.message("convolution_param");
  const x = t.asMap(layer, inputs[0]), channels = x.shape[1];
  const outputs = param.integer("num_output", channels, 1);
  const kernel = pairOf(param, "kernel_size", "kernel", 0, 1);
  if (kernel[0] < 1 || kernel[1] < 1) layer.fail("it tells no kernel_size", "one");
  const strides = pairOf(param, "stride", "stride", 1, 1), pad = pairOf(param, "pad", "pad", 0, 0);
  const [dilationY = 1, dilationX = dilationY] = param.integers("dilation", 1);
  const groups = depthwise ? channels : param.integer("group", 1, 1);
  if (channels % groups !== 0 || outputs % groups !== 0) {
    layer.fail(`group is ${groups}`, `a divisor of ${channels} and of ${outputs}`);
  }
  const bias = param.flag("bias_term", true), width = channels / groups, taps = kernel[0] * kernel[1];
  const [stored, offsets] = t.weights(layer, [outputs * width * taps, ...(bias ? [outputs] : [])]);
  const constants = [
    t.constant(`${name}.0`, [...kernel, width, outputs], toHwio(stored, outputs, width, taps)),
  ];
  if (bias) constants.push(t.constant(`${name}.1`, [outputs], offsets));
  const padding: Padding = [pad[0], pad[1], pad[0], pad[1]];
  const attrs = { strides, padding, dilations: [dilationY, dilationX], groups } as const;
  return [t.map("conv2d", name, attrs, [x.name, ...constants])];
}

/** A fully connected layer, as a convolution whose kernel is the whole map. */
function innerProduct(layer: Message, inputs: readonly Blob[], t: Translator): readonly Blob[] {
  const name = layer.word("name"), param = layer.message("inner_product_param");
  if (param.flag("transpose", false)) layer.fail("transpose is true", "false");
  if (axisOf(param, "axis", 1, inputs[0].shape.length) !== 1) {
    layer.fail(`axis is ${param.word("axis")}`, "1");
  }
  const flat = (blob: Blob) => {
    const count = elements(blob.shape.slice(1));
    const { name: value } = t.emit("reshape", `${name}.in`, { shape: [blob.shape[0], 1, 1, count] }, [
      blob.name,
    ]);
    return { name: value, shape: [blob.shape[0], count, 1, 1], map: true };
  };
  const x = inputs[0].map ? inputs[0] : flat(inputs[0]);
  const outputs = param.integer("num_output", 0, 1), [n, channels, h, w] = x.shape;
  const bias = param.flag("bias_term", true);
  const [stored, offsets] = t.weights(layer, [outputs * channels * h * w, ...(bias ? [outputs] : [])]);
  const constants = [
    t.constant(`${name}.0`, [h, w, channels, outputs], toHwio(stored, outputs, channels, h * w)),
  ];
  if (bias) constants.push(t.constant(`${name}.1`, [outputs], offsets));
  const attrs = { strides: [1, 1], padding: [0, 0, 0, 0], dilations: [1, 1], groups: 1 } as const;
  const y = t.emit("conv2d", `${name}.product`, attrs, [x.name, ...constants]);
  return [{
    name: t.emit("reshape", name, { shape: [n, outputs] }, [y.name]).name,
    shape: [n, outputs],
    map: false,
  }];
}

/** Channels of a map, or of a vector. */
function channelsOf(layer: Message, { map, shape }: Blob): number {
  return map || shape.length === 2
    ? shape[1]
    : layer.fail(`it takes a blob of ${formatShape(shape)}`, "a map");
}

function batchNorm(layer: Message, [x]: readonly Blob[], t: Translator): readonly Blob[] {
  const name = layer.word("name"), channels = channelsOf(layer, x);
  const [mean, variance, [factor]] = t.weights(layer, [channels, channels, 1]);
  const scale = factor === 0 ? 0 : 1 / factor;
  const constants = [
    t.constant(`${name}.gamma`, [channels], new Float32Array(channels).fill(1)),
    t.constant(`${name}.beta`, [channels], new Float32Array(channels)),
    t.constant(`${name}.0`, [channels], mean.map((v) => v * scale)),
    t.constant(`${name}.1`, [channels], variance.map((v) => v * scale)),
  ];
  return [
    t.same(
      "batch_norm",
      name,
      { epsilon: layer.message("batch_norm_param").number("eps", 1e-5) },
      x,
      constants,
    ),
  ];
}

/** Multiplies channels by weights, or by another blob's vector; then adds a bias. */
function scale(layer: Message, [x, vector]: readonly Blob[], t: Translator): readonly Blob[] {
  const name = layer.word("name"), param = layer.message("scale_param"), channels = channelsOf(layer, x);
  const bias = param.flag("bias_term", false), { length: rank } = x.shape;
  let y: Blob;
  if (vector) {
    if (elements(vector.shape) !== channels) {
      layer.fail(`it multiplies by ${formatShape(vector.shape)}`, `${channels} values, one a channel`);
    }
    const { name: value } = t.emit("reshape", `${name}.vector`, { shape: [1, 1, 1, channels] }, [
      vector.name,
    ]);
    y = t.same("mul", bias ? `${name}.product` : name, {}, x, [value]);
  } else {
    if (axisOf(param, "axis", 1, rank) !== 1 || param.number("num_axes", 1) !== 1) {
      layer.fail(`axis is ${param.word("axis", "1")}, num_axes ${param.word("num_axes", "1")}`, "1 and 1");
    }
    const [factors] = t.weights(layer, [channels]);
    y = t.same("mul", bias ? `${name}.product` : name, {}, x, [t.constant(`${name}.0`, [channels], factors)]);
  }
  if (!bias) return [y];
  const offsets = t.weights(layer, vector ? [channels] : [channels, channels]).at(-1)!;
  return [t.same("add", name, {}, y, [t.constant(`${name}.1`, [channels], offsets)])];
}

function bias(layer: Message, [x]: readonly Blob[], t: Translator): readonly Blob[] {
  const name = layer.word("name"), channels = channelsOf(layer, x);
  const [offsets] = t.weights(layer, [channels]);
  return [t.same("add", name, {}, x, [t.constant(`${name}.0`, [channels], offsets)])];
}

function relu(layer: Message, [x]: readonly Blob[], t: Translator): readonly Blob[] {
  const slope = layer.message("relu_param").number("negative_slope", 0), name = layer.word("name");
  return [slope === 0 ? t.same("clip", name, { lo: 0 }, x) : t.same("leaky_relu", name, { alpha: slope }, x)];
}

function softmax(layer: Message, [x]: readonly Blob[], t: Translator): readonly Blob[] {
  const { length: rank } = x.shape, axis = axisOf(layer.message("softmax_param"), "axis", 1, rank);
  if (x.map ? axis !== 1 : axis !== rank - 1) {
    layer.fail(`axis is ${axis} of ${formatShape(x.shape)}`, x.map ? "1" : `${rank - 1}, the last`);
  }
  return [{ ...t.same("softmax", layer.word("name"), {}, x), activation: "softmax", source: x }];
}

/** Windows are rounded up, and the last one begins inside of the map or the padding before it. */
function pooling(layer: Message, inputs: readonly Blob[], t: Translator): readonly Blob[] {
  const name = layer.word("name"), param = layer.message("pooling_param");
  const kind = param.word("pool", "MAX"), ceil = param.word("round_mode", "CEIL") === "CEIL";
  if (!["MAX", "AVE", "0", "1"].includes(kind)) layer.fail(`pool is ${kind}`, "MAX or AVE");
  let x = t.asMap(layer, inputs[0]);
  const size: Pair = [x.shape[2], x.shape[3]], whole = param.flag("global_pooling", false);
  const kernel = whole ? size : pairOf(param, "kernel_size", "kernel", 0, 1);
  if (kernel[0] < 1 || kernel[1] < 1) layer.fail("it tells no kernel_size", "one");
  const strides: Pair = whole ? [1, 1] : pairOf(param, "stride", "stride", 1, 1);
  let [top, left] = whole ? [0, 0] : pairOf(param, "pad", "pad", 0, 0);
  const after = (axis: 0 | 1, before: number) =>
    ceil ? ceilPadding(size[axis], kernel[axis], strides[axis], before, before) : before;
  let bottom = after(0, top), right = after(1, left);
  if (kind === "MAX" || kind === "0") {
    return [t.map("max_pool", name, { kernel, strides, padding: [top, left, bottom, right] }, [x.name])];
  }
  // Averages count the padding that the file tells, and not what rounding adds behind it.
  const counts = top + left > 0;
  if (counts && (bottom > top || right > left)) {
    const attrs = { before: [0, top, left, 0], after: [0, top, left, 0], value: 0 };
    x = t.map("pad", `${name}.pad`, attrs, [x.name]);
    [bottom, right, top, left] = [Math.max(0, bottom - top), Math.max(0, right - left), 0, 0];
    const attrs2 = { kernel, strides, padding: [0, 0, bottom, right] as const, countPadding: false };
    return [t.map("avg_pool", name, attrs2, [x.name])];
  }
  return [
    t.map("avg_pool", name, { kernel, strides, padding: [top, left, bottom, right], countPadding: counts }, [
      x.name,
    ]),
  ];
}

function eltwise(layer: Message, inputs: readonly Blob[], t: Translator): readonly Blob[] {
  const name = layer.word("name"), param = layer.message("eltwise_param");
  const operation = param.word("operation", "SUM"), factors = param.numbers("coeff");
  if (factors.some((factor) => factor !== 1)) layer.fail(`coeff is ${JSON.stringify(factors)}`, "1 each");
  const ops = { SUM: "add", PROD: "mul", MAX: "maximum", 0: "mul", 1: "add", 2: "maximum" } as const;
  if (!Object.hasOwn(ops, operation)) layer.fail(`operation is ${operation}`, "SUM, PROD or MAX");
  if (inputs.length < 2) layer.fail(`it takes ${inputs.length} blob`, "at least two");
  const op = ops[operation as keyof typeof ops], maps = inputs.every(({ map }) => map);
  const [first, ...rest] = maps ? inputs : inputs.map((blob) => t.plain(blob));
  const last = rest.length - 1;
  return [
    rest.reduce(
      (sum, blob, i) => t.same(op, i === last ? name : `${name}.${i}`, {}, sum, [blob.name]),
      first,
    ),
  ];
}

const unary = (op: "sigmoid" | "tanh", activation?: "sigmoid"): LayerReader => (layer, [x], t) => [
  { ...t.same(op, layer.word("name"), {}, x), ...(activation && { activation, source: x }) },
];

/** Readers by the types of layers. */
export const layerReaders: Readonly<Record<string, LayerReader>> = {
  Convolution: convolution,
  DepthwiseConvolution: (layer, inputs, t) => convolution(layer, inputs, t, true),
  ConvolutionDepthwise: (layer, inputs, t) => convolution(layer, inputs, t, true),
  InnerProduct: innerProduct,
  BatchNorm: batchNorm,
  Scale: scale,
  Bias: bias,
  ReLU: relu,
  ReLU6: (layer, [x], t) => [t.same("clip", layer.word("name"), { lo: 0, hi: 6 }, x)],
  Sigmoid: unary("sigmoid", "sigmoid"),
  TanH: unary("tanh"),
  Softmax: softmax,
  Pooling: pooling,
  Concat: concat,
  Slice: slice,
  Eltwise: eltwise,
  Permute: permute,
  Flatten: flatten,
  Reshape: reshape,
  Normalize: normalize,
  PriorBox: priorBox,
  DetectionOutput: detectionOutput,
  Dropout: (_layer, [x]) => [x],
  Split: (_layer, [x]) => [x],
  Silence: () => [],
};
