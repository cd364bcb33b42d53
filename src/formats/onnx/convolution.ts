/**
 * ONNX operators over feature maps: convolution, pooling, normalisation, resizing, and matrix products, which are convolutions of one pixel.
 *
 * @module
 */

import { ceilPadding, type Padding, type Pair, samePadding, span } from "../../geometry.ts";
import type { Coordinates, ResizeAttrs } from "../../ops/resize.ts";
import { elements, formatShape, type Shape } from "../../tensor.ts";
import {
  axisOf,
  type Call,
  computedOf,
  fail,
  type Handler,
  inputOf,
  listOf,
  literalOf,
  mapOf,
  numberOf,
  optionalLiteral,
  wordOf,
} from "./call.ts";
import type { Literal } from "./literal.ts";
import { type Computed, innerShape, known, NHWC, plain, type Value } from "./translator.ts";

function pairOf(call: Call, name: string): Pair {
  const list = listOf(call, name) ?? [1, 1];
  if (list.length !== 2) {
    fail(call, `${name} is ${list}`, "two numbers: only two-dimensional windows are known");
  }
  return [list[0], list[1]];
}

/** Padding as the file asks, for a window over a map of ONNX shape `[n, c, h, w]`. */
function paddingOf(
  call: Call,
  [, , h, w]: Shape,
  kernel: Pair,
  strides: Pair,
  dilations: Pair,
): Padding {
  const auto = wordOf(call, "auto_pad", ["NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"], "NOTSET");
  if (auto === "VALID") return [0, 0, 0, 0];
  if (auto === "NOTSET") {
    const pads = listOf(call, "pads") ?? [0, 0, 0, 0];
    if (pads.length !== 4) fail(call, `pads are ${pads}`, "top, left, bottom, right");
    return [pads[0], pads[1], pads[2], pads[3]];
  }
  const [before, after] = auto === "SAME_UPPER" ? [0, 1] : [1, 0];
  const y = samePadding(h, kernel[0], strides[0], dilations[0]);
  const x = samePadding(w, kernel[1], strides[1], dilations[1]);
  return [y[before], x[before], y[after], x[after]];
}

/** A map and the padding of a window over it; a border of `value` put around it before counts as padding. */
function withBorder(
  call: Call,
  x: Computed,
  padding: Padding,
  value: number,
): [name: string, padding: Padding] {
  const { name } = call.to.arrange(x, NHWC);
  const border = call.to.producer(name, "pad");
  if (!border || border.attrs.value !== value) return [name, padding];
  const { before, after } = border.attrs;
  if (before[0] + before[3] + after[0] + after[3] > 0) return [name, padding];
  const [top, left, bottom, right] = padding;
  return [border.inputs[0], [top + before[1], left + before[2], bottom + after[1], right + after[2]]];
}

/** Lowest f32: what a border of maxima holds, which infinity, not being JSON, cannot. */
export const LOWEST: number = -(2 - 2 ** -23) * 2 ** 127;

/** Conv. */
export function conv(call: Call): Value {
  const { to, name } = call;
  const x = mapOf(call);
  const weight = literalOf(call, 1);
  if (weight.shape.length !== 4) {
    fail(
      call,
      `weight is ${formatShape(weight.shape)}`,
      "4 axes: only two-dimensional convolutions are known",
    );
  }
  const kernel: Pair = [weight.shape[2], weight.shape[3]];
  const strides = pairOf(call, "strides"), dilations = pairOf(call, "dilations");
  const [input, padding] = withBorder(call, x, paddingOf(call, x.shape, kernel, strides, dilations), 0);
  const bias = optionalLiteral(call, 2);
  const { name: output, shape: [n, h, w, c] } = to.emit(
    "conv2d",
    name,
    { strides, padding, dilations, groups: numberOf(call, "group", 1) },
    [
      input,
      to.constant(weight, name, "weight", () => to.fold.transpose(weight, [2, 3, 1, 0])),
      ...(bias ? [to.vector(bias, name, "bias")] : []),
    ],
  );
  return { kind: "computed", name: output, shape: [n, c, h, w], order: NHWC };
}

/** BatchNormalization. */
export const batchNormalization: Handler = (call) => {
  const { to, name } = call;
  if (numberOf(call, "training_mode", 0) !== 0) fail(call, "it is in training mode", "an inference graph");
  const x = computedOf(call, 0);
  const rank = x.shape.length;
  if (rank < 2) fail(call, `input is ${formatShape(x.shape)}`, "at least 2 axes (n, c)");
  const order = [...plain(rank).filter((axis) => axis !== 1), 1];
  const statistics = ["gamma", "beta", "mean", "variance"]
    .map((use, i) => to.vector(literalOf(call, i + 1), name, use));
  return to.emitLike(
    "batch_norm",
    name,
    { epsilon: numberOf(call, "epsilon", 1e-5) },
    to.arrange(x, order),
    statistics,
  );
};

/** MaxPool and AveragePool. */
export function pool(kind: "max" | "average"): (call: Call) => Value {
  return (call) => {
    const { to, name } = call;
    const x = mapOf(call);
    const kernel = pairOf(call, "kernel_shape"), strides = pairOf(call, "strides");
    if (pairOf(call, "dilations").some((d) => d !== 1)) fail(call, "its window is dilated", "dilations of 1");
    const told = paddingOf(call, x.shape, kernel, strides, [1, 1]);
    const ceil = numberOf(call, "ceil_mode", 0) !== 0;
    const padded: Padding = ceil
      ? [
        told[0],
        told[1],
        ceilPadding(x.shape[2], kernel[0], strides[0], told[0], told[2]),
        ceilPadding(x.shape[3], kernel[1], strides[1], told[1], told[3]),
      ]
      : told;
    if (kind === "max") {
      const [input, padding] = withBorder(call, x, padded, LOWEST);
      const { name: output, shape: [n, h, w, c] } = to.emit("max_pool", name, { kernel, strides, padding }, [
        input,
      ]);
      return { kind: "computed", name: output, shape: [n, c, h, w], order: NHWC };
    }
    const counted = numberOf(call, "count_include_pad", 0) !== 0 && told.some((p) => p > 0);
    const extended = padded.some((p, side) => p !== told[side]);
    if (!counted || !extended) {
      return to.emitMap("avg_pool", name, { kernel, strides, padding: padded, countPadding: counted }, x);
    }
    // The padding that the file tells counts, the room that ceil mode adds does not.
    const border = to.emitMap("pad", `${name}:padded`, {
      before: [0, told[0], told[1], 0],
      after: [0, told[2], told[3], 0],
      value: 0,
    }, x);
    const room: Padding = [0, 0, padded[2] - told[2], padded[3] - told[3]];
    return to.emitMap("avg_pool", name, { kernel, strides, padding: room, countPadding: false }, border);
  };
}

/** GlobalMaxPool and GlobalAveragePool. */
export function globalPool(kind: "max" | "average"): (call: Call) => Value {
  return (call) => poolPlane(call, mapOf(call), kind, [2, 3]);
}

/** Pools a map over its height (axis 2), width (axis 3) or both. */
export function poolPlane(
  call: Call,
  x: Computed,
  kind: "max" | "average",
  axes: readonly number[],
): Computed {
  const [h, w] = [2, 3].map((axis) => axes.includes(axis) ? x.shape[axis] : 1);
  const attrs = { kernel: [h, w], strides: [1, 1], padding: [0, 0, 0, 0] } as const;
  return kind === "max"
    ? call.to.emitMap("max_pool", call.name, attrs, x)
    : call.to.emitMap("avg_pool", call.name, { ...attrs, countPadding: false }, x);
}

/** Coordinate rules of ours by their names in ONNX. */
const coordinateRules: Readonly<Record<string, Coordinates>> = {
  half_pixel: "half_pixel",
  pytorch_half_pixel: "pytorch_half_pixel",
  align_corners: "align_corners",
  asymmetric: "asymmetric",
};

/** Extents or factors of height and width, from a list of all four axes of which the others stay as they are. */
function spatialOf(call: Call, literal: Literal, what: "sizes" | "scales", x: Computed): Pair {
  const named = listOf(call, "axes")?.map((axis) => axisOf(call, axis, 4)) ?? [0, 1, 2, 3];
  const values = Array.from(literal.data);
  const stays = (axis: number) => what === "sizes" ? x.shape[axis] : 1;
  const all = [0, 1, 2, 3].map((axis) => named.includes(axis) ? values[named.indexOf(axis)] : stays(axis));
  if (values.length !== named.length || all[0] !== stays(0) || all[1] !== stays(1)) {
    fail(call, `${what} are ${values}`, "ones that change height and width only");
  }
  return [all[2], all[3]];
}

function emitResize(
  call: Call,
  x: Computed,
  attrs: Omit<ResizeAttrs, "size" | "scales">,
  sizes?: Literal,
  scales?: Literal,
): Value {
  const [, , h, w] = x.shape;
  if (sizes && sizes.data.length > 0) {
    const size = spatialOf(call, sizes, "sizes", x);
    return call.to.emitMap("resize", call.name, { ...attrs, size, scales: [size[0] / h, size[1] / w] }, x);
  }
  if (!scales || scales.data.length === 0) return fail(call, "sizes and scales are missing", "one of them");
  const factors = spatialOf(call, scales, "scales", x);
  const size = [Math.floor(h * factors[0]), Math.floor(w * factors[1])] as const;
  return call.to.emitMap("resize", call.name, { ...attrs, size, scales: factors }, x);
}

/** Resize. */
export const resize: Handler = (call) => {
  const { opset } = call;
  const x = mapOf(call);
  const mode = wordOf(call, "mode", ["nearest", "linear"], "nearest");
  if (opset < 11) {
    return emitResize(
      call,
      x,
      { mode, coordinates: "asymmetric", rounding: "floor" },
      undefined,
      literalOf(call, 1),
    );
  }
  wordOf(call, "keep_aspect_ratio_policy", ["stretch"], "stretch");
  if (numberOf(call, "antialias", 0) !== 0) {
    fail(call, "it filters while shrinking (antialias)", "antialias of 0");
  }
  const coordinates = coordinateRules[
    wordOf(call, "coordinate_transformation_mode", Object.keys(coordinateRules), "half_pixel")
  ];
  const rounding = wordOf(
    call,
    "nearest_mode",
    ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"],
    "round_prefer_floor",
  );
  return emitResize(
    call,
    x,
    { mode, coordinates, rounding },
    optionalLiteral(call, 3),
    optionalLiteral(call, 2),
  );
};

/** Upsample, of operator set 9. */
export const upsample: Handler = (call) => {
  const mode = wordOf(call, "mode", ["nearest", "linear"], "nearest");
  return emitResize(
    call,
    mapOf(call),
    { mode, coordinates: "asymmetric", rounding: "floor" },
    undefined,
    literalOf(call, 1),
  );
};

/** Multiplies the last axis of a value with a weight that is `[k, n]` in our graph. */
function product(call: Call, x: Value, weight: string, columns: number, bias?: string): Computed {
  const { to, name } = call;
  const computed = to.computed(x, name);
  const last = computed.shape.length - 1;
  const source = computed.order[last] === last ? computed : to.arrange(computed, plain(last + 1));
  const { name: output } = to.dense(source.name, name, weight, bias, innerShape(source).slice(0, -1));
  return { ...source, name: output, shape: [...source.shape.slice(0, -1), columns] };
}

/** Gemm: alpha * A B + beta * C, with a known B. */
export const gemm: Handler = (call) => {
  const { to, name } = call;
  const a = computedOf(call, 0), b = literalOf(call, 1);
  if (a.shape.length !== 2 || b.shape.length !== 2) {
    fail(call, `operands are ${formatShape(a.shape)} and ${formatShape(b.shape)}`, "2 axes each");
  }
  const x = numberOf(call, "transA", 0) ? to.transpose(a, [1, 0]) : a;
  const transposed = numberOf(call, "transB", 0) !== 0;
  const alpha = numberOf(call, "alpha", 1), beta = numberOf(call, "beta", 1);
  const weight = to.constant(b, name, `weight_${transposed}_${alpha}`, () => {
    const matrix = transposed ? to.fold.transpose(b, [1, 0]) : b;
    const { shape, data } = alpha === 1 ? matrix : to.fold.map(matrix, (value) => value * alpha);
    return { shape: [1, 1, ...shape], data };
  });
  const [k, n] = transposed ? b.shape.toReversed() : b.shape;
  if (k !== x.shape[1]) {
    fail(call, `A is ${formatShape(x.shape)}, B has ${k} rows`, "as many rows as A has columns");
  }
  const c = optionalLiteral(call, 2);
  if (!c || beta === 0) return product(call, x, weight, n);
  const scaled = beta === 1 ? c : to.fold.map(c, (value) => value * beta);
  const row = elements(c.shape) === 1 || (elements(c.shape) === n && c.shape.at(-1) === n);
  if (row) {
    const bias = to.constant(c, name, `bias_${n}_${beta}`, () => {
      const vector = elements(c.shape) === 1 ? to.fold.expand({ ...scaled, shape: [1] }, [n]) : scaled;
      return { shape: [n], data: vector.data };
    });
    return product(call, x, weight, n, bias);
  }
  return to.binary("add", name, product({ ...call, name: `${name}:product` }, x, weight, n), known(scaled));
};

/** MatMul of a computed tensor with a known matrix. */
export const matMul: Handler = (call) => {
  const { to, name } = call;
  const a = inputOf(call, 0), b = literalOf(call, 1);
  const [k, n] = b.shape.slice(-2);
  if (b.shape.length < 2 || elements(b.shape) !== k * n || a.shape.at(-1) !== k) {
    fail(
      call,
      `operands are ${formatShape(a.shape)} and ${formatShape(b.shape)}`,
      "a tensor, and a matrix with as many rows as the tensor's last axis",
    );
  }
  const weight = to.constant(b, name, "matrix", () => ({ shape: [1, 1, k, n], data: b.data }));
  return product(call, a, weight, n);
};

/** A tensor of ours with `stride - 1` zeros behind every entry of the axis between `outer` and `inner` values. */
function spaced(
  call: Call,
  name: string,
  outer: number,
  inner: number,
  stride: number,
  axis: string,
): string {
  if (stride === 1) return name;
  const { to } = call;
  const apart = to.emit("reshape", `${call.name}:${axis}`, { shape: [outer, 1, inner] }, [name]);
  const attrs = { before: [0, 0, 0], after: [0, stride - 1, 0], value: 0 };
  return to.emit("pad", `${call.name}:${axis}_zeros`, attrs, [apart.name]).name;
}

/** ConvTranspose: a convolution with the kernel turned, over a map with zeros between its pixels. */
export function convTranspose(call: Call): Value {
  const { to, name } = call;
  const x = mapOf(call), [n, c, h, w] = x.shape;
  const weight = literalOf(call, 1), bias = optionalLiteral(call, 2);
  const groups = numberOf(call, "group", 1);
  if (weight.shape.length !== 4 || weight.shape[0] !== c || !(groups >= 1) || c % groups !== 0) {
    fail(
      call,
      `weight is ${formatShape(weight.shape)}, input ${formatShape(x.shape)}`,
      "c, o / groups, kh, kw",
    );
  }
  wordOf(call, "auto_pad", ["NOTSET"], "NOTSET");
  if (listOf(call, "output_shape")) fail(call, "output_shape is given", "pads");
  const [, outputs, kh, kw] = weight.shape;
  const strides = pairOf(call, "strides"), dilations = pairOf(call, "dilations");
  const extra = listOf(call, "output_padding") ?? [0, 0];
  const told = paddingOf(call, x.shape, [kh, kw], strides, dilations);
  const reach = [span(kh, dilations[0]) - 1, span(kw, dilations[1]) - 1];
  // The zeros behind the last row and column are padding already.
  const padding: Padding = [
    reach[0] - told[0],
    reach[1] - told[1],
    reach[0] - told[2] + extra[0] - (strides[0] - 1),
    reach[1] - told[3] + extra[1] - (strides[1] - 1),
  ];
  const rows = spaced(call, to.arrange(x, NHWC).name, n * h, w * c, strides[0], "rows");
  const columns = spaced(call, rows, n * h * strides[0] * w, c, strides[1], "columns");
  const shape = [n, h * strides[0], w * strides[1], c];
  const cut = padding.map((p) => Math.max(-p, 0));
  const sizes = [n, shape[1] - cut[0] - cut[2], shape[2] - cut[1] - cut[3], c];
  const spread = to.emit("reshape", `${name}:spread`, { shape }, [columns]);
  const source = cut.some((p) => p > 0)
    ? to.emit("slice", `${name}:cut`, { starts: [0, cut[0], cut[1], 0], sizes }, [spread.name])
    : spread;
  const turned = to.constant(weight, name, `turned_${groups}`, () => {
    const { fold } = to;
    const grouped = { ...weight, shape: [groups, c / groups, outputs, kh, kw] };
    const kernels = fold.transpose(grouped, [3, 4, 1, 0, 2]);
    const back = fold.slice(
      kernels,
      [kh - 1, kw - 1, 0, 0, 0],
      kernels.shape,
      [-1, -1, 1, 1, 1],
    );
    return { shape: [kh, kw, c / groups, groups * outputs], data: back.data };
  });
  const { name: output, shape: [, oh, ow, o] } = to.emit(
    "conv2d",
    name,
    {
      strides: [1, 1],
      padding: [
        Math.max(padding[0], 0),
        Math.max(padding[1], 0),
        Math.max(padding[2], 0),
        Math.max(padding[3], 0),
      ],
      dilations,
      groups,
    },
    [source.name, turned, ...(bias ? [to.vector(bias, name, "bias")] : [])],
  );
  return { kind: "computed", name: output, shape: [n, o, oh, ow], order: NHWC };
}
