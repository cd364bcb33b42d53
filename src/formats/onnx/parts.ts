/**
 * ONNX operators that cut tensors and put them together again: ranges, entries, borders.
 *
 * @module
 */

import { formatShape } from "../../tensor.ts";
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
  numberOf,
  optionalLiteral,
  optionalScalar,
  wordOf,
} from "./call.ts";
import { integers, MAX_RANK } from "./literal.ts";
import { type Computed, known, plain, type Value } from "./value.ts";
import { LOWEST } from "./window.ts";

/** Most parts that a gathering or reversing of a computed tensor is made of. */
const MAX_PARTS = 1024;

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

/** Neighbouring entries of an axis. */
interface Run {
  readonly start: number;
  readonly size: number;
}

/** Runs of an axis, one after the other. */
function joinRuns(call: Call, x: Value, axis: number, runs: readonly Run[]): Value {
  if (runs.length > MAX_PARTS) fail(call, `it picks ${runs.length} ranges`, `at most ${MAX_PARTS}`);
  if (runs.length === 1) return range(call, x, axis, runs[0].start, runs[0].size, call.name);
  const parts = runs.map(({ start, size }, i) => range(call, x, axis, start, size, `${call.name}:${i}`));
  return call.to.concat(parts, axis, call.name);
}

/** The entries of an axis of a computed tensor in any order. */
function pick(call: Call, x: Value, axis: number, indices: readonly number[]): Value {
  const runs: Run[] = [];
  for (const index of indices) {
    const last = runs.at(-1);
    if (last && last.start + last.size === index) runs[runs.length - 1] = { ...last, size: last.size + 1 };
    else runs.push({ start: index, size: 1 });
  }
  return joinRuns(call, x, axis, runs);
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
    if (sizes[axis] > MAX_PARTS) fail(call, `it reverses ${sizes[axis]} entries`, `at most ${MAX_PARTS}`);
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
  const shape = [...x.shape.slice(0, axis), ...told.shape, ...x.shape.slice(axis + 1)];
  if (shape.length > MAX_RANK) fail(call, `it makes ${shape.length} axes`, `at most ${MAX_RANK}`);
  const extent = x.shape[axis];
  const indices = Array.from(told.data, (index) => index < 0 ? index + extent : index);
  const outside = indices.findIndex((index) => !(Number.isInteger(index) && index >= 0 && index < extent));
  if (outside >= 0) {
    fail(call, `an index is ${told.data[outside]}`, `one of the ${extent} entries of axis ${axis}`);
  }
  if (x.kind === "known") return known(to.fold.take(x.literal, integers(indices, told.shape), axis));
  if (indices.length === 0) fail(call, "it picks nothing", "at least one index");
  return to.reshape(pick(call, x, axis, indices), shape);
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
    const [lead, trail] = [Math.max(before[axis], 0), Math.max(after[axis], 0)];
    if (lead + trail === 0) return padded;
    if (lead + trail > MAX_PARTS) fail(call, `pads are ${lead} and ${trail}`, `at most ${MAX_PARTS}`);
    const period = mode === "reflect" ? Math.max(2 * extent - 2, 1) : extent;
    const entry = (i: number): Run => {
      if (mode === "edge") return { start: i < 0 ? 0 : extent - 1, size: 1 };
      const place = (i % period + period) % period;
      return { start: place < extent ? place : period - place, size: 1 };
    };
    const runs = [
      ...Array.from({ length: lead }, (_, i) => entry(i - lead)),
      { start: 0, size: extent },
      ...Array.from({ length: trail }, (_, i) => entry(extent + i)),
    ];
    return joinRuns({ ...call, name: `${call.name}:axis${axis}` }, padded, axis, runs);
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

/** Operators that cut and join, by ONNX's names. */
export const parts: Readonly<Record<string, Handler>> = {
  Gather: gather,
  Pad: pad,
  Slice: slice,
  Split: split,
};
