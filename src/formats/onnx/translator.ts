/**
 * Builds our graph from ONNX's, axes included. A computed value keeps ONNX's shape and says in which order its axes lie in our tensor: `[n, c, h, w]` in the
 * order 0, 2, 3, 1 is our NHWC. A transposition then only relabels axes, and a reshape is free where it neither joins nor splits axes that lie apart;
 * data moves where an operator wants another order than the one at hand.
 *
 * @module
 */

import { ModelError } from "../../errors.ts";
import type { Graph } from "../../graph/graph.ts";
import type { ModelInfo } from "../../graph/model_info.ts";
import type { AttrsOf, OpName } from "../../ops/index.ts";
import { elements, formatShape, sameShape, type Shape } from "../../tensor.ts";
import { checkExtents, Draft } from "./draft.ts";
import {
  commonOrder,
  type Computed,
  innerShape,
  known,
  NHWC,
  type Norm,
  plain,
  sameList,
  type Value,
  wideAxes,
} from "./value.ts";

/** Most axes that one transposition takes. */
const MAX_TRANSPOSED = 5;

/** Groups of axes of two shapes that hold the same values: extents of 1 left out, each group as small as can be. */
function matchAxes(from: Shape, to: Shape): { from: number[]; to: number[] }[] {
  const left = plain(from.length).filter((axis) => from[axis] !== 1);
  const right = plain(to.length).filter((axis) => to[axis] !== 1);
  const groups: { from: number[]; to: number[] }[] = [];
  for (let i = 0, j = 0; i < left.length;) {
    const group = { from: [left[i]], to: [right[j]] };
    let m = from[left[i++]], n = to[right[j++]];
    while (m !== n) {
      if (m < n) m *= from[push(group.from, left[i++])];
      else n *= to[push(group.to, right[j++])];
    }
    groups.push(group);
  }
  return groups;
}

function push(list: number[], value: number): number {
  list.push(value);
  return value;
}

/** The value with an axis innermost, where our operators over vectors work. */
export function arrangeLast(to: Translator, value: Computed, axis: number): Computed {
  if (value.order.at(-1) === axis) return value;
  return to.arrange(value, [...plain(value.shape.length).filter((other) => other !== axis), axis]);
}

/** Builds a graph from values of ONNX. */
export class Translator extends Draft {
  /** Tensors of ours that are norms of others. */
  readonly norms = new Map<string, Norm>();
  /** Scale and zero point of tensors that went through QuantizeLinear. */
  readonly scales = new Map<string, readonly [scale: number, zero: number]>();
  readonly #inputs = new Map<string, Computed>();
  readonly #arranged = new Map<string, Computed>();

  /** A graph input. Maps of 4 axes are ours in NHWC unless told otherwise. */
  input(name: string, shape: Shape, order = shape.length === 4 ? NHWC : plain(shape.length)): Computed {
    const value: Computed = { kind: "computed", name, shape, order };
    this.addInput(name, innerShape(value));
    this.#inputs.set(name, value);
    return value;
  }

  /** Adds a node whose output has the shape and order of `like`. */
  emitLike<Name extends OpName>(
    op: Name,
    wanted: string,
    attrs: AttrsOf<Name>,
    like: Computed,
    more: readonly string[] = [],
  ): Computed {
    return { ...like, name: this.emit(op, wanted, attrs, [like.name, ...more]).name };
  }

  /** Adds a node over an NHWC map whose output is one. */
  emitMap<Name extends OpName>(
    op: Name,
    wanted: string,
    attrs: AttrsOf<Name>,
    x: Computed,
    more: readonly string[] = [],
  ): Computed {
    const { name, shape: [n, h, w, c] } = this.emit(op, wanted, attrs, [
      this.arrange(x, NHWC).name,
      ...more,
    ]);
    return { kind: "computed", name, shape: [n, c, h, w], order: NHWC };
  }

  /** A known value as one that our graph holds; computed ones as they are. */
  computed(value: Value, wanted: string): Computed {
    if (value.kind === "computed") return value;
    const { literal, shape } = value;
    const order = shape.length === 4 ? NHWC : plain(shape.length);
    const name = this.constant(
      literal,
      wanted,
      `constant_${order.join("")}`,
      () => this.fold.transpose(literal, order),
    );
    return { kind: "computed", name, shape, order };
  }

  /** The value with its axes in another order; moves data only where that changes the order of axes wider than 1. */
  arrange(value: Computed, order: readonly number[]): Computed {
    if (sameList(value.order, order)) return value;
    const key = `${order.join()} ${value.order.join()} ${value.shape.join()} ${value.name}`;
    const arranged = this.#arranged.get(key) ?? this.#move(value, order);
    this.#arranged.set(key, arranged);
    return arranged;
  }

  #move(value: Computed, order: readonly number[]): Computed {
    const { shape } = value;
    const target = { ...value, order };
    const now = wideAxes(value.order, shape), wanted = wideAxes(order, shape);
    if (sameList(now, wanted)) return this.#relabel(target);
    if (shape.length <= MAX_TRANSPOSED) {
      const permutation = order.map((axis) => value.order.indexOf(axis));
      return {
        ...target,
        name: this.emit("transpose", `${value.name}:${order.join("")}`, { permutation }, [value.name]).name,
      };
    }
    // Axes that are neighbours before and after count as one.
    const runs: number[][] = [];
    for (const axis of now) {
      const last = runs.at(-1);
      if (last && wanted[wanted.indexOf(last.at(-1)!) + 1] === axis) last.push(axis);
      else runs.push([axis]);
    }
    const extents = runs.map((run) => run.reduce((product, axis) => product * shape[axis], 1));
    const permutation = runs.map((_, i) => i).toSorted((a, b) =>
      wanted.indexOf(runs[a][0]) - wanted.indexOf(runs[b][0])
    );
    const merged = this.emit("reshape", `${value.name}:runs`, { shape: extents }, [value.name]);
    const moved = this.emit("transpose", `${value.name}:${order.join("")}`, { permutation }, [merged.name]);
    return this.#relabel({ ...target, name: moved.name });
  }

  /** The value, its tensor reshaped to what shape and order say. */
  #relabel(value: Computed): Computed {
    const shape = innerShape(value);
    if (sameShape(this.shapeOf(value.name), shape)) return value;
    return { ...value, name: this.emit("reshape", `${value.name}:reshaped`, { shape }, [value.name]).name };
  }

  /** Axis i of the result is axis `permutation[i]` of the value. */
  transpose(value: Value, permutation: readonly number[]): Value {
    if (value.kind === "known") return known(this.fold.transpose(value.literal, permutation));
    return {
      ...value,
      shape: permutation.map((axis) => value.shape[axis]),
      order: value.order.map((axis) => permutation.indexOf(axis)),
    };
  }

  /** The values in ONNX's order as another shape that holds as many. */
  reshape(value: Value, shape: Shape): Value {
    if (value.kind === "computed") return this.reshapeComputed(value, shape);
    const { type, data } = value.literal;
    return known({ type, shape, data });
  }

  /** The computed values in ONNX's order as another shape that holds as many. */
  reshapeComputed(value: Computed, shape: Shape): Computed {
    if (sameShape(value.shape, shape)) return value;
    checkExtents(value.name, shape);
    if (elements(shape) !== elements(value.shape)) {
      throw new ModelError(
        `Cannot read ONNX: "${value.name}" is ${formatShape(value.shape)}, wanted as many values as in ${
          formatShape(shape)
        }`,
      );
    }
    const groups = matchAxes(value.shape, shape);
    const now = wideAxes(value.order, value.shape);
    const position = ({ from }: { from: number[] }) => Math.min(...from.map((axis) => now.indexOf(axis)));
    groups.sort((a, b) => position(a) - position(b));
    // Axes to be joined or split must lie together, in order; where they do not, they are brought together.
    const together = groups.flatMap(({ from }) => from);
    const ones = plain(value.shape.length).filter((axis) => value.shape[axis] === 1);
    const source = sameList(now, together) ? value : this.arrange(value, [...ones, ...together]);
    const wide = groups.flatMap(({ to }) => to);
    // Axes of extent 1 lie where the usual order of a map has them.
    const usual = shape.length === 4 ? NHWC : plain(shape.length);
    const order = sameList(wideAxes(usual, shape), wide)
      ? usual
      : [...plain(shape.length).filter((axis) => shape[axis] === 1), ...wide];
    return this.#relabel({ kind: "computed", name: source.name, shape, order });
  }

  /** `sizes` values along each axis from `starts` on, `steps` apart. */
  slice(
    value: Value,
    name: string,
    starts: readonly number[],
    sizes: readonly number[],
    steps: readonly number[],
  ): Value {
    const whole = sizes.every((n, axis) => n === value.shape[axis] && (steps[axis] > 0 || n === 1));
    if (whole) return value;
    if (value.kind === "known") return known(this.fold.slice(value.literal, starts, sizes, steps));
    const pick = (list: readonly number[]) => value.order.map((axis) => list[axis]);
    const attrs = {
      starts: pick(starts),
      sizes: pick(sizes),
      ...(steps.some((step) => step !== 1) && { steps: pick(steps) }),
    };
    return { ...value, shape: sizes, name: this.emit("slice", name, attrs, [value.name]).name };
  }

  /** Values one after the other along an axis. */
  concat(values: readonly Value[], axis: number, name: string): Value {
    if (values.every((value) => value.kind === "known")) {
      return known(this.fold.concat(values.map((value) => value.literal), axis));
    }
    const [{ shape: first }] = values;
    const common = commonOrder(values, first);
    const outer = common.slice(0, common.indexOf(axis)).every((other) => first[other] === 1);
    const order = outer || common.at(-1) === axis
      ? common
      : [axis, ...common.filter((other) => other !== axis)];
    const parts = values.map((value) => this.arrange(this.computed(value, name), order));
    const joined = this.emit("concat", name, { axis: order.indexOf(axis) }, parts.map((part) => part.name));
    const extent = values.reduce((sum, value) => sum + value.shape[axis], 0);
    return {
      kind: "computed",
      name: joined.name,
      shape: first.map((n, i) => i === axis ? extent : n),
      order,
    };
  }

  /**
   * The finished graph: nodes and constants that the outputs need, outputs under their own names.
   *
   * @throws {GraphError} If it is not legal.
   */
  build(info: ModelInfo, outputs: ReadonlyMap<string, Value>): Graph {
    const isMap = ({ shape, order }: Computed) => shape.length === 4 && sameList(order, NHWC);
    const nchw = [...this.#inputs.values()].filter(isMap).map(({ name }) => name);
    const settled = [...outputs].map(([name, value]) => {
      const computed = this.computed(value, name);
      return [
        name,
        isMap(computed) ? computed : this.arrange(computed, plain(computed.shape.length)),
      ] as const;
    });
    const renamed = new Map(
      settled.filter(([name, value]) => value.name !== name).map(([name]) => [name, this.vacate(name)]),
    );
    for (const [name, value] of settled) {
      if (renamed.has(name)) {
        const source = renamed.get(value.name) ?? value.name;
        this.emit("reshape", name, { shape: innerShape(value) }, [source]);
      }
      if (isMap(value)) nchw.push(name);
    }
    return this.finish(info, [...outputs.keys()], nchw);
  }
}
