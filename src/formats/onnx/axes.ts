/**
 * ONNX operators that move values without changing them: shapes, axes, constants.
 *
 * @module
 */

import { MAX_ELEMENTS } from "../../ops/op.ts";
import { elements, formatShape, type Shape } from "../../tensor.ts";
import {
  axesOf,
  axisOf,
  type Call,
  fail,
  type Handler,
  inputOf,
  listOf,
  listOrInput,
  literalOf,
  mapOf,
  numberOf,
  optionalScalar,
  wordOf,
} from "./call.ts";
import { broadcast, type DataType, integers, type Literal, MAX_RANK } from "./literal.ts";
import { keepNorm } from "./norm.ts";
import { broadcastTo } from "./broadcast.ts";
import { known, plain, type Value } from "./value.ts";

/** Extents that an input gives. */
function extentsOf(call: Call, literal: Literal): number[] {
  const extents = Array.from(literal.data);
  const legal = extents.length <= MAX_RANK && extents.every((n) => Number.isInteger(n) && n >= 0) &&
    elements(extents) <= MAX_ELEMENTS;
  if (!legal) {
    fail(
      call,
      `it asks for shape ${formatShape(extents)}`,
      `at most ${MAX_RANK} integers from 0, and ${MAX_ELEMENTS} values`,
    );
  }
  return extents;
}

const reshape: Handler = (call) => {
  const x = inputOf(call, 0);
  const asked = Array.from(literalOf(call, 1).data);
  if (asked.length > MAX_RANK) fail(call, `it makes ${asked.length} axes`, `at most ${MAX_RANK}`);
  const copies = numberOf(call, "allowzero", 0) === 0;
  const shape = asked.map((n, axis) => n === 0 && copies ? x.shape[axis] ?? NaN : n);
  const open = shape.indexOf(-1);
  const rest = elements(shape.filter((_, axis) => axis !== open));
  if (open >= 0) shape[open] = elements(x.shape) / rest;
  if (!shape.every((n) => Number.isInteger(n) && n >= 0) || elements(shape) !== elements(x.shape)) {
    fail(call, `it makes ${formatShape(asked)} of ${formatShape(x.shape)}`, "a shape of as many values");
  }
  return call.to.reshape(x, shape);
};

const flatten: Handler = (call) => {
  const x = inputOf(call, 0), rank = x.shape.length;
  const told = numberOf(call, "axis", 1);
  const axis = told === rank ? rank : axisOf(call, told, rank);
  return call.to.reshape(x, [elements(x.shape.slice(0, axis)), elements(x.shape.slice(axis))]);
};

const squeeze: Handler = (call) => {
  const x = inputOf(call, 0), rank = x.shape.length;
  const named = listOrInput(call, "axes", 1);
  const axes = named ? axesOf(call, named, rank) : plain(rank).filter((axis) => x.shape[axis] === 1);
  const wide = axes.find((axis) => x.shape[axis] !== 1);
  if (wide !== undefined) fail(call, `axis ${wide} has extent ${x.shape[wide]}`, "an extent of 1");
  return call.to.reshape(x, x.shape.filter((_, axis) => !axes.includes(axis)));
};

const unsqueeze: Handler = (call) => {
  const x = inputOf(call, 0);
  const named = listOrInput(call, "axes", 1) ?? fail(call, "axes are missing", "a list of axes");
  const rank = x.shape.length + named.length;
  if (rank > MAX_RANK) fail(call, `it makes ${rank} axes`, `at most ${MAX_RANK}`);
  const axes = axesOf(call, named, rank);
  const old = x.shape.values();
  return call.to.reshape(x, plain(rank).map((axis) => axes.includes(axis) ? 1 : old.next().value!));
};

const transpose: Handler = (call) => {
  const x = inputOf(call, 0), rank = x.shape.length;
  const permutation = axesOf(call, listOf(call, "perm") ?? plain(rank).toReversed(), rank);
  if (permutation.length !== rank) fail(call, `perm is ${permutation}`, `each of the ${rank} axes`);
  return call.to.transpose(x, permutation);
};

const concat: Handler = (call) => {
  const values = call.inputs.map((_, i) => inputOf(call, i));
  if (values.length === 0) fail(call, "it has no inputs", "at least one");
  // Exporters of traced networks join an empty list with others.
  const filled = values.filter((value) => elements(value.shape) > 0 || value.shape.length !== 1);
  const parts = filled.length > 0 ? filled : values;
  const [first] = parts;
  const axis = axisOf(call, numberOf(call, "axis", NaN), first.shape.length);
  for (const { shape } of parts) {
    if (shape.length !== first.shape.length || shape.some((n, i) => i !== axis && n !== first.shape[i])) {
      fail(
        call,
        `inputs are ${parts.map((part) => formatShape(part.shape)).join(", ")}`,
        `extents that are the same beside axis ${axis}`,
      );
    }
  }
  return parts.length === 1 ? first : call.to.concat(parts, axis, call.name);
};

const expand: Handler = (call) => {
  const x = inputOf(call, 0), asked = extentsOf(call, literalOf(call, 1));
  const shape = broadcast(x.shape, asked) ??
    fail(call, `it makes ${formatShape(asked)} of ${formatShape(x.shape)}`, "shapes that fit one another");
  const wide = broadcastTo(call.to, x, shape);
  keepNorm(call, x, wide);
  return wide;
};

const tile: Handler = (call) => {
  const { to } = call;
  const x = inputOf(call, 0), repeats = extentsOf(call, literalOf(call, 1));
  const shape = x.shape.map((n, axis) => n * repeats[axis]);
  if (repeats.length !== x.shape.length || !(elements(shape) <= MAX_ELEMENTS)) {
    fail(
      call,
      `repeats are ${repeats} for ${formatShape(x.shape)}`,
      `one an axis, and at most ${MAX_ELEMENTS} values`,
    );
  }
  if (x.kind === "known") return known(to.fold.tile(x.literal, repeats));
  const apart = to.reshape(x, x.shape.flatMap((n) => [1, n]));
  return to.reshape(broadcastTo(to, apart, x.shape.flatMap((n, axis) => [repeats[axis], n])), shape);
};

/** Extents of a block and of the map it is cut from, checked. */
function blockOf(call: Call, extents: Shape): number {
  const block = numberOf(call, "blocksize", NaN);
  if (!Number.isInteger(block) || block < 1 || extents.some((n) => n % block !== 0)) {
    fail(call, `blocksize is ${block} for ${formatShape(extents)}`, "a positive divisor");
  }
  return block;
}

const depthToSpace: Handler = (call) => {
  const { to } = call;
  const x = mapOf(call), [n, c, h, w] = x.shape;
  const b = blockOf(call, []);
  const rest = c / b ** 2;
  if (!Number.isInteger(rest)) fail(call, `there are ${c} channels`, `a multiple of ${b ** 2}`);
  const columnRow = wordOf(call, "mode", ["DCR", "CRD"], "DCR") === "CRD";
  const apart = to.reshape(x, columnRow ? [n, rest, b, b, h, w] : [n, b, b, rest, h, w]);
  const woven = to.transpose(apart, columnRow ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2]);
  return to.reshape(woven, [n, rest, h * b, w * b]);
};

const spaceToDepth: Handler = (call) => {
  const { to } = call;
  const x = mapOf(call), [n, c, h, w] = x.shape;
  const b = blockOf(call, [h, w]);
  const apart = to.reshape(x, [n, c, h / b, b, w / b, b]);
  return to.reshape(to.transpose(apart, [0, 3, 5, 1, 2, 4]), [n, c * b * b, h / b, w / b]);
};

const constant: Handler = (call) => {
  const { attributes } = call.node;
  const tensor = attributes.get("value");
  if (tensor !== null && typeof tensor === "object" && !Array.isArray(tensor)) {
    return known(tensor as Literal);
  }
  const list = (type: DataType, values: readonly number[], shape: Shape): Value =>
    known({
      type,
      shape,
      data: type === "int64" ? Float64Array.from(values) : Float32Array.from(values),
    });
  const floats = listOf(call, "value_floats"), ints = listOf(call, "value_ints");
  if (floats) return list("float32", floats, [floats.length]);
  if (ints) return list("int64", ints, [ints.length]);
  if (attributes.has("value_float")) return list("float32", [numberOf(call, "value_float", 0)], []);
  if (attributes.has("value_int")) return list("int64", [numberOf(call, "value_int", 0)], []);
  return fail(
    call,
    `its attributes are ${[...attributes.keys()].join(", ")}`,
    "value, value_float or value_int",
  );
};

const constantOfShape: Handler = (call) => {
  const shape = extentsOf(call, literalOf(call, 0));
  const tensor = call.node.attributes.get("value");
  const { type, data } = tensor !== null && typeof tensor === "object" && "data" in tensor
    ? tensor
    : { type: "float32" as const, data: [0] };
  if (data.length !== 1) fail(call, `value holds ${data.length} numbers`, "one");
  return known(call.to.fold.fill(type, shape, data[0]));
};

const rangeOf: Handler = (call) => {
  const [first, end, step] = [0, 1, 2].map((i) => optionalScalar(call, i) ?? NaN);
  const count = Math.max(0, Math.ceil((end - first) / step));
  if (!Number.isFinite(count)) fail(call, `it counts from ${first} to ${end} by ${step}`, "finite numbers");
  return known(call.to.fold.range(literalOf(call, 0).type, first, step, count));
};

const shapeOf: Handler = (call) => {
  const { shape } = inputOf(call, 0);
  const start = numberOf(call, "start", 0), end = numberOf(call, "end", shape.length);
  return known(integers(shape.slice(start, end)));
};

/** The first input as it is. */
const pass: Handler = (call) => inputOf(call, 0);

const dropout: Handler = (call) => {
  if ((optionalScalar(call, 2) ?? 0) !== 0) fail(call, "it is in training mode", "an inference graph");
  return inputOf(call, 0);
};

/** Operators that move values, by ONNX's names. */
export const movements: Readonly<Record<string, Handler>> = {
  Concat: concat,
  Constant: constant,
  ConstantOfShape: constantOfShape,
  DepthToSpace: depthToSpace,
  Dropout: dropout,
  Expand: expand,
  Flatten: flatten,
  Identity: pass,
  Range: rangeOf,
  Reshape: reshape,
  Shape: shapeOf,
  Size: (call) => known(integers([elements(inputOf(call, 0).shape)], [])),
  SpaceToDepth: spaceToDepth,
  Squeeze: squeeze,
  Tile: tile,
  Transpose: transpose,
  Unsqueeze: unsqueeze,
};
