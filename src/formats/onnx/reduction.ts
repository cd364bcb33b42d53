/**
 * ONNX operators that join the values along axes: reductions and softmax.
 *
 * @module
 */

import { elements, type Shape } from "../../tensor.ts";
import {
  axesOf,
  axisOf,
  type Call,
  computedOf,
  fail,
  type Handler,
  inputOf,
  listOrInput,
  numberOf,
} from "./call.ts";
import { squareRoot } from "./norm.ts";
import { poolPlane } from "./pooling.ts";
import { binary } from "./broadcast.ts";
import { arrangeLast } from "./translator.ts";
import { type Computed, known, NHWC, plain, scalar, type Value } from "./value.ts";

/** A reduction of a tensor of the graph; the axes joined keep an extent of 1. */
export type Reduce = (call: Call, x: Computed, axes: readonly number[]) => Value;

/** The shape with an extent of 1 for each of the axes. */
function collapsed(shape: Shape, axes: readonly number[]): Shape {
  return shape.map((n, axis) => axes.includes(axis) ? 1 : n);
}

/** Whether axes are height, width or both of a map that lies as one. */
function isPlane({ shape, order }: Computed, axes: readonly number[]): boolean {
  return shape.length === 4 && order.every((axis, i) => axis === NHWC[i]) && axes.every((axis) => axis >= 2);
}

/** The values with the joined ones behind one another, `[rows, run]`, and what brings the result back. */
function asRows(
  { to, name }: Call,
  x: Computed,
  axes: readonly number[],
): { rows: string; count: number; run: number; finish: (joined: string) => Computed } {
  const kept = x.order.filter((axis) => !axes.includes(axis));
  const source = to.arrange(x, [...kept, ...axes]);
  const shape = collapsed(x.shape, axes);
  const count = elements(shape), run = elements(x.shape) / count;
  return {
    rows: source.name,
    count,
    run,
    finish: (joined) => {
      const order = source.order;
      const inner = order.map((axis) => shape[axis]);
      return {
        kind: "computed",
        name: to.emit("reshape", name, { shape: inner }, [joined]).name,
        shape,
        order,
      };
    },
  };
}

/** A sum whose terms are weighted alike: a convolution of one pixel with one output. */
function weightedSum(
  call: Call,
  x: Computed,
  axes: readonly number[],
  weight: (run: number) => number,
): Value {
  const { to, name } = call;
  const { rows, count, run, finish } = asRows(call, x, axes);
  const weights = to.fold.fill("float32", [1, 1, run, 1], weight(run));
  const column = to.emit("reshape", `${name}:rows`, { shape: [count, 1, 1, run] }, [rows]);
  const joined = to.pixelwise(
    column.name,
    `${name}:sum`,
    to.constant(weights, name, "weights", () => weights),
  );
  return finish(joined);
}

const sum: Reduce = (call, x, axes) => {
  const total = isPlane(x, axes)
    ? binary(
      call.to,
      "mul",
      call.name,
      poolPlane({ ...call, name: `${call.name}:mean` }, x, "average", axes),
      scalar(axes.reduce((product, axis) => product * x.shape[axis], 1)),
    )
    : weightedSum(call, x, axes, () => 1);
  const square = call.to.producer(x.name, "mul");
  const [axis] = axes;
  if (square && square.inputs[0] === square.inputs[1] && axes.length === 1 && total.kind === "computed") {
    const of = { ...x, name: square.inputs[0] };
    call.to.norms.set(total.name, { of, axis, squared: true, epsilon: 0 });
  }
  return total;
};

/** The mean over `axes` of a tensor of the graph; they keep an extent of 1. */
export const meanOf: Reduce = (call, x, axes) =>
  isPlane(x, axes) ? poolPlane(call, x, "average", axes) : weightedSum(call, x, axes, (run) => 1 / run);

const max: Reduce = (call, x, axes) => {
  if (isPlane(x, axes)) return poolPlane(call, x, "max", axes);
  const { to, name } = call;
  const { rows, count, run, finish } = asRows(call, x, axes);
  const plane = to.emit("reshape", `${name}:rows`, { shape: [1, count, run, 1] }, [rows]);
  const attrs = { kernel: [1, run], strides: [1, 1], padding: [0, 0, 0, 0] } as const;
  return finish(to.emit("max_pool", `${name}:max`, attrs, [plane.name]).name);
};

const min: Reduce = (call, x, axes) => {
  const { to, name } = call;
  const negative = binary(to, "mul", `${name}:negative`, x, scalar(-1)) as Computed;
  return binary(to, "mul", name, max({ ...call, name: `${name}:max` }, negative, axes), scalar(-1));
};

const sumOfSquares: Reduce = (call, x, axes) =>
  sum(call, call.to.emitLike("mul", `${call.name}:squares`, {}, x, [x.name]), axes);

const norm: Reduce = (call, x, axes) =>
  squareRoot(call, sumOfSquares({ ...call, name: `${call.name}:sum` }, x, axes) as Computed);

/** Reductions that we have no operator for are those of known values. */
const unknown: Reduce = (call) => fail(call, "its input is computed by the network", "a constant");

/** A reduction: of known values by `fold`, which gets the number of values joined last, of others by `emit`. */
function reduction(
  emit: Reduce,
  before: (x: number) => number,
  join: (a: number, b: number) => number,
  after: (total: number, run: number) => number,
): Handler {
  return (call) => {
    const { to } = call;
    const x = inputOf(call, 0), rank = x.shape.length;
    const named = listOrInput(call, "axes", 1);
    const none = named === undefined || named.length === 0;
    if (none && numberOf(call, "noop_with_empty_axes", 0) !== 0) return x;
    const axes = none ? plain(rank) : axesOf(call, named, rank).toSorted((a, b) => a - b);
    const keep = numberOf(call, "keepdims", 1) !== 0;
    const shape = keep ? collapsed(x.shape, axes) : x.shape.filter((_, axis) => !axes.includes(axis));
    if (x.kind === "computed") {
      const reduced = axes.length === 0 ? x : emit(call, x, axes);
      return to.reshape(reduced, shape);
    }
    const run = axes.reduce((product, axis) => product * x.shape[axis], 1);
    if (run === 0) fail(call, "it joins no values", "at least one");
    const joined = to.fold.reduce(to.fold.map(x.literal, before), axes, join);
    const { type, data } = to.fold.map(joined, (total) => after(total, run));
    return known({ type, shape, data });
  };
}

const same = (x: number) => x;

/** Softmax; before operator set 13 over all axes from one on, taken together. */
const softmax: Handler = (call) => {
  const { to, name, opset } = call;
  const x = computedOf(call, 0), rank = x.shape.length;
  const axis = axisOf(call, numberOf(call, "axis", opset < 13 ? 1 : -1), rank);
  const wide = plain(rank).filter((other) => other > axis && x.shape[other] !== 1);
  if (opset >= 13 || wide.length === 0) return to.emitLike("softmax", name, {}, arrangeLast(to, x, axis));
  const rows = to.reshapeComputed(x, [elements(x.shape.slice(0, axis)), elements(x.shape.slice(axis))]);
  return to.reshape(to.emitLike("softmax", `${name}:softmax`, {}, arrangeLast(to, rows, 1)), x.shape);
};

/** Operators that join values along axes, by ONNX's names. */
export const reductions: Readonly<Record<string, Handler>> = {
  ReduceL1: reduction(unknown, Math.abs, (a, b) => a + b, same),
  ReduceL2: reduction(norm, (x) => x * x, (a, b) => a + b, Math.sqrt),
  ReduceMax: reduction(max, same, (a, b) => Math.max(a, b), same),
  ReduceMean: reduction(meanOf, same, (a, b) => a + b, (total, run) => total / run),
  ReduceMin: reduction(min, same, (a, b) => Math.min(a, b), same),
  ReduceProd: reduction(unknown, same, (a, b) => a * b, same),
  ReduceSum: reduction(sum, same, (a, b) => a + b, same),
  ReduceSumSquare: reduction(sumOfSquares, (x) => x * x, (a, b) => a + b, same),
  Softmax: softmax,
};
