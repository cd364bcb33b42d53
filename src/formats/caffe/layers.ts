/**
 * Caffe's layers, one function a type (BVLC/caffe, src/caffe/layers; weiliu89/caffe for those of detectors).
 *
 * @module
 */

import { ceilPadding, type Padding, type Pair } from "../../geometry.ts";
import type { SsdPostprocessing } from "../../graph/model_info.ts";
import { elements, formatShape } from "../../tensor.ts";
import { toHwio } from "../hwio.ts";
import type { Message } from "./message.ts";
import { placePriors } from "./prior_box.ts";
import type { Blob, LayerReader, Translator } from "./translator.ts";

/** Layers that only training needs. */
export const SKIPPED: ReadonlySet<string> = new Set([
  "Accuracy",
  "DetectionEvaluate",
  "EuclideanLoss",
  "MultiBoxLoss",
  "Silence",
  "SmoothL1Loss",
  "SoftmaxWithLoss",
]);

/** A size along y and x: `NAME_h` and `NAME_w`, or `NAME` once or twice. */
function pairOf(param: Message, name: string, stem: string, fallback: number, least: number): Pair {
  const [y = fallback, x = y] = param.integers(name, least);
  return [param.integer(`${stem}_h`, y, least), param.integer(`${stem}_w`, x, least)];
}

/** The axis that a field names, from the last where negative. */
function axisOf(param: Message, name: string, fallback: number, rank: number): number {
  const axis = param.number(name, fallback), found = axis < 0 ? axis + rank : axis;
  return Number.isInteger(found) && found >= 0 && found <= rank
    ? found
    : param.fail(`${name} is ${axis}`, `an axis of ${rank}`);
}

/** Where an axis of Caffe's lies in a map `[n, h, w, c]`. */
const MAP_AXES = [0, 3, 1, 2];

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

function concat(layer: Message, inputs: readonly Blob[], t: Translator): readonly Blob[] {
  const name = layer.word("name"), param = layer.message("concat_param"), names = t.inputs;
  const known = names.map((input) => t.priors.get(input));
  const [top = name] = layer.words("top");
  if (known.every((priors) => priors !== undefined)) {
    const [{ variances }] = known;
    if (known.some((priors) => priors.variances.some((v, i) => v !== variances[i]))) {
      layer.fail("its priors have several variances", "the same for all");
    }
    const boxes = new Float32Array(known.reduce((sum, priors) => sum + priors.boxes.length, 0));
    let at = 0;
    for (const priors of known) {
      boxes.set(priors.boxes, at);
      at += priors.boxes.length;
    }
    return [addPriors(t, top, { boxes, variances })];
  }
  const maps = inputs.every(({ map }) => map), parts = maps ? inputs : inputs.map((blob) => t.plain(blob));
  const { length: rank } = parts[0].shape;
  const axis = axisOf(param, param.has("axis") ? "axis" : "concat_dim", 1, rank - 1);
  const ranks = parts.map(({ shape }) => shape.length);
  if (ranks.some((other) => other !== rank)) {
    layer.fail(`its inputs have ${ranks.join(", ")} axes`, "as many each");
  }
  const values = parts.map((part) => part.name);
  if (maps) return [t.map("concat", name, { axis: MAP_AXES[axis] }, values)];
  const { name: value, shape } = t.emit("concat", name, { axis }, values);
  return [{ name: value, shape, map: false }];
}

/** Remembers priors under the name of their blob. What stands for them in the graph is a constant that no node takes. */
function addPriors(
  t: Translator,
  top: string,
  priors: { boxes: Float32Array; variances: readonly number[] },
): Blob {
  t.priors.set(top, priors);
  return { name: top, shape: [1, 2, priors.boxes.length], map: false };
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

/** Axes in another order. From a map to `[n, h, w, c]` nothing moves. */
function permute(layer: Message, [x]: readonly Blob[], t: Translator): readonly Blob[] {
  const { length: rank } = x.shape, told = layer.message("permute_param").integers("order");
  const order = [...told, ...x.shape.keys().filter((axis) => !told.includes(axis))];
  if (order.length !== rank || order.some((axis) => axis >= rank)) {
    layer.fail(`order is ${JSON.stringify(told)}`, `axes of ${formatShape(x.shape)}, each once`);
  }
  const shape = order.map((axis) => x.shape[axis]);
  const permutation = x.map ? order.map((axis) => MAP_AXES[axis]) : order;
  if (permutation.every((axis, i) => axis === i)) return [{ name: x.name, shape, map: false }];
  return [{
    name: t.emit("transpose", layer.word("name"), { permutation }, [x.name]).name,
    shape,
    map: false,
  }];
}

/** The same values in other extents. */
function reshaped(layer: Message, x: Blob, shape: readonly number[], t: Translator): readonly Blob[] {
  const from = t.plain(x);
  const { name } = t.emit("reshape", layer.word("name"), { shape }, [from.name]);
  return [{ name, shape, map: false, activation: x.activation, source: x.activation ? x.source : x }];
}

function flatten(layer: Message, [x]: readonly Blob[], t: Translator): readonly Blob[] {
  const param = layer.message("flatten_param"), { length: rank } = x.shape;
  const axis = axisOf(param, "axis", 1, rank - 1), end = axisOf(param, "end_axis", -1, rank) + 1;
  if (end <= axis) layer.fail(`axis is ${axis}, end_axis ${end - 1}`, "an axis and one behind it");
  const shape = [...x.shape.slice(0, axis), elements(x.shape.slice(axis, end)), ...x.shape.slice(end)];
  return reshaped(layer, x, shape, t);
}

function reshape(layer: Message, [x]: readonly Blob[], t: Translator): readonly Blob[] {
  const param = layer.message("reshape_param"), { length: rank } = x.shape;
  const axis = axisOf(param, "axis", 0, rank), count = param.number("num_axes", -1);
  const end = count < 0 ? rank : axis + count;
  const dims = param.message("shape").numbers("dim");
  const before = x.shape.slice(0, axis), after = x.shape.slice(end);
  const known = dims.map((dim, i) => dim === 0 ? x.shape[axis + i] : dim);
  const rest = elements(x.shape) / elements([...before, ...known.filter((dim) => dim !== -1), ...after]);
  const shape = [...before, ...known.map((dim) => dim === -1 ? rest : dim), ...after];
  const legal = shape.length >= 1 && shape.length <= 8 &&
    shape.every((dim) => Number.isInteger(dim) && dim > 0);
  if (!legal || elements(shape) !== elements(x.shape)) {
    layer.fail(
      `dim is ${JSON.stringify(dims.slice(0, 8))} for ${formatShape(x.shape)}`,
      "extents of as many values",
    );
  }
  return reshaped(layer, x, shape, t);
}

/** Vectors of channels scaled to length 1, then by learned factors. */
function normalize(layer: Message, inputs: readonly Blob[], t: Translator): readonly Blob[] {
  const name = layer.word("name"), param = layer.message("norm_param"), x = t.asMap(layer, inputs[0]);
  if (param.flag("across_spatial", true)) layer.fail("across_spatial is true", "false");
  const channels = x.shape[1], shared = param.flag("channel_shared", true);
  const [stored] = t.weights(layer, [shared ? 1 : channels]);
  const factors = shared ? new Float32Array(channels).fill(stored[0]) : stored;
  const unit = t.same("l2_normalize", `${name}.unit`, { epsilon: param.number("eps", 1e-10) }, x);
  return [t.same("mul", name, {}, unit, [t.constant(`${name}.0`, [channels], factors)])];
}

function priorBox(layer: Message, [x]: readonly Blob[], t: Translator): readonly Blob[] {
  const param = layer.message("prior_box_param"), { picture } = t;
  if (x.shape.length !== 4) layer.fail(`it takes a blob of ${formatShape(x.shape)}`, "a map");
  const priors = placePriors(param, [x.shape[2], x.shape[3]], [picture[2], picture[3]]);
  return [addPriors(t, layer.word("top", layer.word("name")), priors)];
}

/** From (xmin, ymin, xmax, ymax) to (ymin, xmin, ymax, xmax). */
function rowsFirst(boxes: Float32Array): Float32Array {
  return boxes.map((_, i) => boxes[i ^ 1]);
}

/** Ends the network: its raw boxes and scores are outputs, the rest is the detector's. */
function detectionOutput(layer: Message, [boxes, scores]: readonly Blob[], t: Translator): readonly Blob[] {
  const name = layer.word("name"),
    param = layer.message("detection_output_param"),
    suppression = param.message("nms_param");
  const priors = t.priors.get(t.inputs[2]) ??
    layer.fail("its third blob is none of priors", "a PriorBox's, or several");
  const classes = param.integer("num_classes", 0, 2), count = priors.boxes.length / 4;
  const code = param.word("code_type", "CORNER");
  if (code !== "CENTER_SIZE" && code !== "2") layer.fail(`code_type is ${code}`, "CENTER_SIZE");
  if (!param.flag("share_location", true)) layer.fail("share_location is false", "true");
  if (t.detection) layer.fail("it is the network's second", "one");
  const { activation, source: raw } = scores;
  if (!activation || !raw) layer.fail("its scores come from neither Softmax nor Sigmoid", "one of them");
  if (elements(boxes.shape) !== count * 4 || elements(raw.shape) !== count * classes) {
    layer.fail(
      `its boxes are ${formatShape(boxes.shape)}, its scores ${formatShape(raw.shape)}`,
      `${count} priors times 4, and times ${classes} classes`,
    );
  }
  const shaped = (blob: Blob, columns: number, suffix: string): Blob => {
    const shape = [1, count, columns], from = t.plain(blob);
    if (formatShape(from.shape) === formatShape(shape)) return from;
    return { name: t.emit("reshape", `${name}.${suffix}`, { shape }, [from.name]).name, shape, map: false };
  };
  const heads = [shaped(boxes, 4, "boxes"), shaped(raw, classes, "scores")];
  const scales = priors.variances.map((variance) =>
    param.flag("variance_encoded_in_target", false) ? 1 : 1 / variance
  );
  const [x, y, width, height] = scales, keep = param.number("keep_top_k", -1);
  const detection: SsdPostprocessing = {
    kind: "ssd",
    boxes: heads[0].name,
    scores: heads[1].name,
    order: "xywh",
    priors: t.constant(`${name}.priors`, [count, 4], rowsFirst(priors.boxes)),
    scales: [y, x, height, width],
    activation,
    background: param.integer("background_label_id", 0),
    threshold: param.number("confidence_threshold", 0.01),
    iou: suppression.number("nms_threshold", 0.3),
    maxDetections: keep > 0 ? keep : count,
  };
  t.detect(detection, [boxes, firstOf(raw), ...heads]);
  return [];
}

/** The blob that a chain of reshapes begins with. */
function firstOf(blob: Blob): Blob {
  let first = blob;
  while (first.source && !first.activation && !first.map) first = first.source;
  return first.map ? blob : first;
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
  Eltwise: eltwise,
  Permute: permute,
  Flatten: flatten,
  Reshape: reshape,
  Normalize: normalize,
  PriorBox: priorBox,
  DetectionOutput: detectionOutput,
  Dropout: (_layer, [x]) => [x],
  Split: (_layer, [x]) => [x],
};
