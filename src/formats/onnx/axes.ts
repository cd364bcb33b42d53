/**
 * ONNX operators that move values without changing them: shapes, axes, parts.
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
  optionalLiteral,
  optionalScalar,
  wordOf,
} from "./call.ts";
import { LOWEST } from "./convolution.ts";
import { broadcast, type DataType, integers, type Literal } from "./literal.ts";
import { keepNorm } from "./norm.ts";
import { type Computed, known, plain, type Value } from "./translator.ts";

/** Most parts that a gathering or reversing of a computed tensor is made of. */
const MAX_PARTS = 1024;

/** Extents that an input gives. */
function extentsOf(call: Call, literal: Literal): number[] {
  const extents = Array.from(literal.data);
  if (!extents.every((n) => Number.isInteger(n) && n >= 0) || !(elements(extents) <= MAX_ELEMENTS)) {
    fail(
      call,
      `it asks for shape ${formatShape(extents)}`,
      `integers from 0, at most ${MAX_ELEMENTS} values`,
    );
  }
  return extents;
}

const reshape: Handler = (call) => {
  const x = inputOf(call, 0);
  const asked = Array.from(literalOf(call, 1).data);
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

/** A range of one axis, whole in the others. */
function range(call: Call, x: Value, axis: number, start: number, size: number, name: string): Value {
  const starts = x.shape.map((_, i) => i === axis ? start : 0);
  const sizes = x.shape.map((n, i) => i === axis ? size : n);
  return call.to.slice(x, name, starts, sizes, x.shape.map(() => 1));
}

const split: Handler = (call) => {
  const x = inputOf(call, 0);
  const axis = axisOf(call, numberOf(call, "axis", 0), x.shape.length);
  const extent = x.shape[axis], count = call.node.outputs.length;
  const told = listOrInput(call, "split", 1);
  // Where parts are not told they are alike; the last may be smaller.
  const size = Math.ceil(extent / count);
  const sizes = told ?? call.node.outputs.map((_, i) => Math.min(size, extent - i * size));
  const total = sizes.reduce((sum, n) => sum + n, 0);
  if (sizes.length !== count || total !== extent || !sizes.every((n) => Number.isInteger(n) && n > 0)) {
    fail(call, `it splits ${extent} into ${sizes}`, `${count} positive parts, one an output`);
  }
  let start = 0;
  return sizes.map((n, i) => {
    const part = range(call, x, axis, start, n, call.node.outputs[i] || `${call.name}:${i}`);
    start += n;
    return part;
  });
};

/** The entries of an axis in any order; of a computed tensor as ranges of neighbours, joined. */
function pick(call: Call, x: Value, axis: number, indices: readonly number[]): Value {
  if (x.kind === "known") return known(call.to.fold.take(x.literal, integers(indices), axis));
  const runs: { start: number; size: number }[] = [];
  for (const index of indices) {
    const last = runs.at(-1);
    if (last && last.start + last.size === index) last.size++;
    else runs.push({ start: index, size: 1 });
  }
  if (runs.length > MAX_PARTS) fail(call, `it picks ${runs.length} ranges`, `at most ${MAX_PARTS}`);
  if (runs.length === 1) return range(call, x, axis, runs[0].start, runs[0].size, call.name);
  const parts = runs.map(({ start, size }, i) => range(call, x, axis, start, size, `${call.name}:${i}`));
  return call.to.concat(parts, axis, call.name);
}

const slice: Handler = (call) => {
  const { to, opset } = call;
  const x = inputOf(call, 0), rank = x.shape.length;
  const list = (name: string, index: number) => {
    const values = opset < 10 ? listOf(call, name) : optionalLiteral(call, index)?.data;
    return values && Array.from(values);
  };
  const begins = list("starts", 1) ?? fail(call, "starts are missing", "a list");
  const ends = list("ends", 2) ?? fail(call, "ends are missing", "a list");
  const axes = axesOf(call, list("axes", 3) ?? plain(begins.length), rank);
  const paces = list("steps", 4) ?? begins.map(() => 1);
  if (axes.length !== begins.length || ends.length !== begins.length || paces.length !== begins.length) {
    fail(
      call,
      `starts, ends, axes and steps are ${begins}; ${ends}; ${axes}; ${paces}`,
      "lists of one length",
    );
  }
  const starts = x.shape.map(() => 0), sizes = [...x.shape], steps = x.shape.map(() => 1);
  axes.forEach((axis, i) => {
    const extent = x.shape[axis], step = paces[i];
    if (!Number.isInteger(step) || step === 0) fail(call, `a step is ${step}`, "an integer other than 0");
    const place = (index: number) => index < 0 ? index + extent : index;
    const [lo, hi] = step > 0 ? [0, extent] : [-1, extent - 1];
    const start = Math.min(Math.max(place(begins[i]), Math.max(lo, 0)), hi);
    const end = Math.min(Math.max(place(ends[i]), lo), hi);
    starts[axis] = start;
    steps[axis] = step;
    sizes[axis] = Math.max(0, Math.ceil((end - start) / step));
  });
  if (x.kind === "known") return to.slice(x, call.name, starts, sizes, steps);
  if (sizes.includes(0)) {
    fail(call, `it takes ${formatShape(sizes)} of ${formatShape(x.shape)}`, "some values");
  }
  const backwards = plain(rank).filter((axis) => steps[axis] < 0);
  return backwards.reduce<Value>((value, axis) => {
    const indices = Array.from({ length: sizes[axis] }, (_, i) => starts[axis] + i * steps[axis]);
    return pick(call, value, axis, indices);
  }, forwards());

  function forwards(): Value {
    const ahead = (list: readonly number[], otherwise: (axis: number) => number) =>
      list.map((value, axis) => steps[axis] < 0 ? otherwise(axis) : value);
    return to.slice(
      x,
      call.name,
      ahead(starts, () => 0),
      ahead(sizes, (axis) => x.shape[axis]),
      ahead(steps, () => 1),
    );
  }
};

const gather: Handler = (call) => {
  const { to } = call;
  const x = inputOf(call, 0), told = literalOf(call, 1);
  const axis = axisOf(call, numberOf(call, "axis", 0), x.shape.length);
  const extent = x.shape[axis];
  const indices = Array.from(told.data, (index) => index < 0 ? index + extent : index);
  const outside = indices.findIndex((index) => !(Number.isInteger(index) && index >= 0 && index < extent));
  if (outside >= 0) {
    fail(call, `an index is ${told.data[outside]}`, `one of the ${extent} entries of axis ${axis}`);
  }
  if (x.kind === "computed" && indices.length === 0) fail(call, "it picks nothing", "at least one index");
  const shape = [...x.shape.slice(0, axis), ...told.shape, ...x.shape.slice(axis + 1)];
  return to.reshape(pick(call, x, axis, indices), shape);
};

const expand: Handler = (call) => {
  const x = inputOf(call, 0), asked = extentsOf(call, literalOf(call, 1));
  const shape = broadcast(x.shape, asked) ??
    fail(call, `it makes ${formatShape(asked)} of ${formatShape(x.shape)}`, "shapes that fit one another");
  const wide = call.to.expand(x, shape);
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
  return to.reshape(to.expand(apart, x.shape.flatMap((n, axis) => [repeats[axis], n])), shape);
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

/** A tensor with a border of values of its own: those next to the edge mirrored, the edge's, or those at the other end. */
function padWithOwn(
  call: Call,
  x: Value,
  mode: "reflect" | "edge" | "wrap",
  before: readonly number[],
  after: readonly number[],
): Value {
  return x.shape.reduce<Value>((padded, extent, axis) => {
    const from = -Math.max(before[axis], 0), to = extent + Math.max(after[axis], 0);
    if (to - from === extent) return padded;
    if (to - from > MAX_PARTS + extent) {
      fail(call, `pads are ${-from} and ${to - extent}`, `at most ${MAX_PARTS}`);
    }
    const period = mode === "reflect" ? Math.max(2 * extent - 2, 1) : extent;
    const indices = Array.from({ length: to - from }, (_, i) => {
      const place = ((from + i) % period + period) % period;
      if (mode === "edge") return Math.min(Math.max(from + i, 0), extent - 1);
      return place < extent ? place : period - place;
    });
    return pick({ ...call, name: `${call.name}:axis${axis}` }, padded, axis, indices);
  }, x);
}

const pad: Handler = (call) => {
  const { to, name, opset } = call;
  const x = inputOf(call, 0), rank = x.shape.length;
  const mode = wordOf(call, "mode", ["constant", "reflect", "edge", "wrap"], "constant");
  const told = (opset < 11 ? listOf(call, "pads") : Array.from(literalOf(call, 1).data)) ??
    fail(call, "pads are missing", "a list");
  const axes = axesOf(
    call,
    opset < 11 ? plain(rank) : Array.from(optionalLiteral(call, 3)?.data ?? plain(rank)),
    rank,
  );
  if (told.length !== 2 * axes.length || !told.every(Number.isInteger)) {
    fail(call, `pads are ${told}`, `${2 * axes.length} integers`);
  }
  const amount = (offset: number) =>
    x.shape.map((_, axis) => axes.includes(axis) ? told[axes.indexOf(axis) + offset] : 0);
  const before = amount(0), after = amount(axes.length);
  const value = (opset < 11 ? numberOf(call, "value", 0) : optionalScalar(call, 2)) ?? 0;
  // Less than nothing takes away.
  const sizes = x.shape.map((n, axis) => n + Math.min(before[axis], 0) + Math.min(after[axis], 0));
  if (sizes.some((n) => n < 1)) {
    fail(call, `pads are ${told} for ${formatShape(x.shape)}`, "ones that leave values");
  }
  const cropped = to.slice(
    x,
    `${name}:cropped`,
    before.map((n) => Math.max(-n, 0)),
    sizes,
    x.shape.map(() => 1),
  );
  if ([...before, ...after].every((n) => n <= 0)) return cropped;
  if (mode !== "constant") return padWithOwn(call, cropped, mode, before, after);
  const inner = to.computed(cropped, name);
  const grown = (list: readonly number[]) => list.map((n) => Math.max(n, 0));
  const pick = (list: readonly number[]) => inner.order.map((axis) => grown(list)[axis]);
  const attrs = { before: pick(before), after: pick(after), value: Math.max(value, LOWEST) };
  const shape = sizes.map((n, axis) => n + grown(before)[axis] + grown(after)[axis]);
  return { ...inner, shape, name: to.emit("pad", name, attrs, [inner.name]).name } satisfies Computed;
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
  Gather: gather,
  Identity: pass,
  Pad: pad,
  Range: rangeOf,
  Reshape: reshape,
  Shape: shapeOf,
  Size: (call) => known(integers([elements(inputOf(call, 0).shape)], [])),
  Slice: slice,
  SpaceToDepth: spaceToDepth,
  Split: split,
  Squeeze: squeeze,
  Tile: tile,
  Transpose: transpose,
  Unsqueeze: unsqueeze,
};
