/**
 * Builds our graph from ONNX's, axes included. A computed value keeps ONNX's shape and says in which order its axes lie in our tensor: `[n, c, h, w]` in the
 * order 0, 2, 3, 1 is our NHWC. A transposition then only relabels axes, and a reshape is free where it neither joins nor splits axes that lie apart;
 * data moves where an operator wants another order than the one at hand.
 *
 * @module
 */

import { ModelError } from "../../errors.ts";
import { GraphBuilder } from "../../graph/builder.ts";
import type { AnyNode, Graph } from "../../graph/graph.ts";
import type { ModelInfo } from "../../graph/model_info.ts";
import { type AttrsOf, type OpName, opOf } from "../../ops/index.ts";
import { MAX_ELEMENTS } from "../../ops/op.ts";
import { channelsOf, elements, formatShape, sameShape, type Shape, type Tensor } from "../../tensor.ts";
import { broadcast, Folder, type Literal } from "./literal.ts";
import type { OnnxNode } from "./model.ts";

/** What a value is while a graph is being read: known, or computed by the network. */
export type Value =
  | { readonly kind: "known"; readonly literal: Literal; readonly shape: Shape }
  | Computed;

/** A value that the network computes. */
export interface Computed {
  readonly kind: "computed";
  /** Name of our tensor. */
  readonly name: string;
  /** ONNX's shape. */
  readonly shape: Shape;
  /** Axis i of our tensor is axis `order[i]` of ONNX's. */
  readonly order: readonly number[];
}

/** The order of axes of feature maps: ONNX's NCHW as our NHWC. */
export const NHWC: readonly number[] = [0, 2, 3, 1];

/** Most axes that one transposition takes. */
const MAX_TRANSPOSED = 5;

/** A value known while reading. */
export function known(literal: Literal): Value {
  return { kind: "known", literal, shape: literal.shape };
}

/** The axes in ONNX's own order. */
export function plain(rank: number): number[] {
  return Array.from({ length: rank }, (_, axis) => axis);
}

/** The shape of our tensor. */
export function innerShape({ shape, order }: Computed): Shape {
  return order.map((axis) => shape[axis]);
}

/** The axes that are wider than 1, in the order in which they lie: what the values in memory depend on. */
function wideAxes(order: readonly number[], shape: Shape): number[] {
  return order.filter((axis) => shape[axis] !== 1);
}

function sameList(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

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

/** Element-wise operators of two tensors. */
export type BinaryOp = "add" | "sub" | "mul" | "div" | "maximum";

const COMMUTATIVE: readonly BinaryOp[] = ["add", "mul", "maximum"];

/** A tensor that is the length of vectors of another. */
export interface Norm {
  /** The vectors. */
  readonly of: Computed;
  /** Along which axis, as ONNX counts. */
  readonly axis: number;
  /** Whether the root is still to be taken. */
  readonly squared: boolean;
  /** Added to the sum of squares. */
  readonly epsilon: number;
}

/** An operator that we have none for. */
export interface Pending {
  /** Name of the node in the file. */
  readonly node: string;
  /** Its operator. */
  readonly op: string;
  /** The tensor of ours that it reads. */
  readonly input: string;
}

/** Attributes of a convolution of single pixels: a matrix product. */
const PIXELWISE = { strides: [1, 1], padding: [0, 0, 0, 0], dilations: [1, 1], groups: 1 } as const;

/** Refuses tensors without values, and those of too many. */
function checkExtents(name: string, shape: Shape): void {
  if (!shape.every((n) => Number.isInteger(n) && n > 0) || !(elements(shape) <= MAX_ELEMENTS)) {
    throw new ModelError(
      `Cannot read ONNX: "${name}" is ${
        formatShape(shape)
      }, wanted positive extents and at most ${MAX_ELEMENTS} values`,
    );
  }
}

/** The value with an axis innermost, where our operators over vectors work. */
export function arrangeLast(to: Translator, value: Computed, axis: number): Computed {
  if (value.order.at(-1) === axis) return value;
  return to.arrange(value, [...plain(value.shape.length).filter((other) => other !== axis), axis]);
}

/** A number as a known value. */
export function scalar(value: number): Value {
  return known({ type: "float32", shape: [], data: Float32Array.of(value) });
}

/** Emits nodes of the graph being built. */
export class Translator {
  /** Arithmetic on known values. */
  readonly fold: Folder;
  /** Tensors of ours that are norms of others. */
  readonly norms = new Map<string, Norm>();
  /** Scale and zero point of tensors that went through QuantizeLinear. */
  readonly scales = new Map<string, readonly [scale: number, zero: number]>();
  readonly #builder = new GraphBuilder();
  readonly #nodes = new Map<string, AnyNode>();
  readonly #constants = new Map<string, Tensor>();
  readonly #constantNames = new Map<Literal, Map<string, string>>();
  readonly #inputs = new Map<string, Computed>();
  /** Shapes of our tensors. */
  readonly #shapes = new Map<string, Shape>();
  readonly #arranged = new Map<string, Computed>();
  readonly #pending = new Map<string, Pending>();
  readonly #names: Set<string>;
  readonly #suffixes = new Map<string, number>();

  /** Builds a graph in which `names` are kept for ONNX's values; folding makes at most `limit` values. */
  constructor(names: Iterable<string>, limit: number) {
    this.#names = new Set(names);
    this.fold = new Folder(limit);
  }

  /** A graph input. Maps of 4 axes are ours in NHWC unless told otherwise. */
  input(name: string, shape: Shape, order = shape.length === 4 ? NHWC : plain(shape.length)): Computed {
    const value: Computed = { kind: "computed", name, shape, order };
    this.#builder.input(name, innerShape(value));
    this.#inputs.set(name, value);
    this.#shapes.set(name, innerShape(value));
    return value;
  }

  /** A name no value bears. */
  #free(wanted: string): string {
    let name = wanted;
    let i = this.#suffixes.get(wanted) ?? 2;
    while (this.#names.has(name)) name = `${wanted}:${i++}`;
    this.#suffixes.set(wanted, i);
    this.#names.add(name);
    return name;
  }

  #shapeOf(name: string): Shape {
    return this.#shapes.get(name)!;
  }

  /** Adds a node over tensors of ours. It is named as asked, or nearly so where the name is taken. Gives its name and shape. */
  emit<Name extends OpName>(
    op: Name,
    wanted: string,
    attrs: AttrsOf<Name>,
    inputs: readonly string[],
  ): { name: string; shape: Shape } {
    const shape = opOf(op).infer(
      attrs,
      inputs.map((input) => this.#shapeOf(input)),
      `${op} "${wanted}"`,
    );
    const name = this.#define(wanted, shape);
    this.#nodes.set(name, { name, op, attrs, inputs } as unknown as AnyNode);
    return { name, shape };
  }

  /** Takes a name for a tensor of ours. */
  #define(wanted: string, shape: Shape): string {
    checkExtents(wanted, shape);
    const name = this.#names.has(wanted) && !this.#shapes.has(wanted) ? wanted : this.#free(wanted);
    this.#shapes.set(name, shape);
    return name;
  }

  /** The result of an operator that we have none for, of the shape of its input: refused in the end, unless nothing but a recognised pattern reads it. */
  pending({ name: node, op }: Pick<OnnxNode, "name" | "op">, wanted: string, x: Computed): Computed {
    const name = this.#define(wanted, this.#shapeOf(x.name));
    this.#pending.set(name, { node, op, input: x.name });
    return { ...x, name };
  }

  /** What a tensor waits for. */
  pendingOf(name: string): Pending | undefined {
    return this.#pending.get(name);
  }

  /** The value that fills a constant of ours; `undefined` for other tensors. */
  uniform(name: string): number | undefined {
    const data = this.#constants.get(name)?.data;
    return data?.every((value) => value === data[0]) ? data[0] : undefined;
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

  /** The node that makes a tensor, if it is of operator `op`. */
  producer<Name extends OpName>(
    name: string,
    op: Name,
  ): { attrs: AttrsOf<Name>; inputs: readonly string[] } | undefined {
    const node = this.#nodes.get(name);
    return node?.op === op
      ? node as unknown as { attrs: AttrsOf<Name>; inputs: readonly string[] }
      : undefined;
  }

  /**
   * A constant of our graph made from a literal, once for each `use`; gives its name.
   *
   * @param make The literal as it is used: transposed, scaled.
   */
  constant(
    literal: Literal,
    wanted: string,
    use: string,
    make: () => { shape: Shape; data: Literal["data"] },
  ): string {
    const uses = this.#constantNames.get(literal) ?? new Map<string, string>();
    this.#constantNames.set(literal, uses);
    const existing = uses.get(use);
    if (existing !== undefined) return existing;
    const { shape, data } = make();
    const name = this.#define(`${wanted}:${use}`, shape);
    this.#constants.set(name, { shape, data: data instanceof Float32Array ? data : Float32Array.from(data) });
    uses.set(use, name);
    return name;
  }

  /** A vector of the channels of an operator: `[c]`. */
  vector(literal: Literal, wanted: string, use: string): string {
    return this.constant(
      literal,
      wanted,
      use,
      () => ({ shape: [elements(literal.shape)], data: literal.data }),
    );
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
    if (sameShape(this.#shapeOf(value.name), shape)) return value;
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
    const common = this.#commonOrder(values, first);
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

  /** A tensor of ours repeated along its axes of extent 1 to a wider shape of as many axes. */
  #spread(name: string, shape: Shape): string {
    let current = name;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const now = this.#shapeOf(current);
      if (now[axis] === shape[axis]) continue;
      const outer = elements(now.slice(0, axis)), inner = elements(now.slice(axis + 1)), times = shape[axis];
      const wide = now.map((n, i) => i === axis ? times : n);
      if (inner === 1) {
        const ones = this.fold.fill("float32", [1, 1, 1, times], 1);
        const weight = this.constant(ones, name, "ones", () => ones);
        const column = this.emit("reshape", `${name}:column`, { shape: [outer, 1, 1, 1] }, [current]);
        current = this.pixelwise(column.name, `${name}:repeated`, weight);
      } else {
        const row = this.emit("reshape", `${name}:row`, { shape: [outer, 1, 1, inner] }, [current]);
        const attrs = { size: [times, 1], mode: "nearest", coordinates: "asymmetric" } as const;
        current = this.emit("resize", `${name}:repeated`, attrs, [row.name]).name;
      }
      current = this.emit("reshape", `${name}:spread`, { shape: wide }, [current]).name;
    }
    return current;
  }

  /** The value broadcast to a shape that it fits. */
  expand(value: Value, shape: Shape): Value {
    if (sameShape(value.shape, shape)) return value;
    if (value.kind === "known") return known(this.fold.expand(value.literal, shape));
    const lifted = this.reshapeComputed(value, [
      ...Array(shape.length - value.shape.length).fill(1),
      ...value.shape,
    ]);
    const inner = lifted.order.map((axis) => shape[axis]);
    return { ...lifted, shape, name: this.#spread(lifted.name, inner) };
  }

  /**
   * An element-wise operator of two values, at least one of them computed, broadcast to one another.
   *
   * @throws {ModelError} If their shapes do not fit.
   */
  binary(op: BinaryOp, name: string, a: Value, b: Value): Value {
    const shape = broadcast(a.shape, b.shape);
    if (!shape) {
      throw new ModelError(
        `Cannot read ONNX: operands of "${name}" are ${formatShape(a.shape)} and ${
          formatShape(b.shape)
        }, which do not fit one another`,
      );
    }
    const order = this.#commonOrder([a, b], shape);
    const inner = order.map((axis) => shape[axis]);
    const full = (value: Value) => value.kind === "computed" && elements(value.shape) === elements(inner);
    if (COMMUTATIVE.includes(op) && !full(a) && (full(b) || a.kind === "known")) [a, b] = [b, a];
    const left = this.#operand(a, name, order, shape, false);
    const right = this.#operand(b, name, order, shape, true);
    return { kind: "computed", name: this.emit(op, name, {}, [left, right]).name, shape, order };
  }

  /** The order of axes in which operands of a result of `shape` meet: that of the widest computed one, maps before others. */
  #commonOrder(values: readonly Value[], shape: Shape): readonly number[] {
    const candidates = values.filter((value) => value.kind === "computed")
      .filter((value) => value.shape.length === shape.length)
      .toSorted((a, b) =>
        elements(b.shape) - elements(a.shape) ||
        Number(sameList(b.order, NHWC)) - Number(sameList(a.order, NHWC))
      );
    return candidates[0]?.order ?? plain(shape.length);
  }

  /** The name of an operand's tensor: of the result's shape, or as the second operand one vector of its channels. */
  #operand(value: Value, name: string, order: readonly number[], shape: Shape, vector: boolean): string {
    const inner = order.map((axis) => shape[axis]);
    const channels = channelsOf(inner);
    const lead = Array(shape.length - value.shape.length).fill(1);
    if (value.kind === "known") {
      const { literal } = value;
      const lifted = { ...literal, shape: [...lead, ...literal.shape] };
      const size = elements(value.shape);
      if (vector && size === 1) {
        const [only] = literal.data;
        return this.constant(
          literal,
          name,
          `x${channels}`,
          () => this.fold.fill("float32", [channels], only),
        );
      }
      const last = order[order.length - 1];
      if (vector && size === channels && lifted.shape[last] === channels) {
        return this.vector(literal, name, "vector");
      }
      const narrow = this.constant(
        literal,
        name,
        `axes_${order.join("")}`,
        () => this.fold.transpose(lifted, order),
      );
      return this.#spread(narrow, inner);
    }
    const lifted = this.arrange(this.reshapeComputed(value, [...lead, ...value.shape]), order);
    const found = innerShape(lifted);
    if (vector && elements(found) === channels && channelsOf(found) === channels) return lifted.name;
    return this.#spread(lifted.name, inner);
  }

  /** The pixels `[n, h, w, k]` of a tensor of ours times a constant `[1, 1, k, o]`; gives the name of the product. */
  pixelwise(x: string, name: string, weight: string, bias?: string): string {
    const inputs = [x, weight, ...(bias === undefined ? [] : [bias])];
    return this.emit("conv2d", name, PIXELWISE, inputs).name;
  }

  /** The matrix product of the last axis of our tensor with a constant weight `[k, n]`, of `leading` extents and n. */
  dense(
    x: string,
    name: string,
    weight: string,
    bias: string | undefined,
    leading: Shape,
  ): { name: string; shape: Shape } {
    const [k, n] = this.#shapeOf(weight).slice(-2);
    const rows = this.emit("reshape", `${name}:rows`, { shape: [elements(leading), 1, 1, k] }, [x]);
    const product = this.pixelwise(rows.name, `${name}:product`, weight, bias);
    return this.emit("reshape", name, { shape: [...leading, n] }, [product]);
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
      settled.filter(([name, value]) => value.name !== name).map(([name]) => [name, this.#vacate(name)]),
    );
    for (const [name, value] of settled) {
      if (renamed.has(name)) {
        const source = renamed.get(value.name) ?? value.name;
        this.emit("reshape", name, { shape: innerShape(value) }, [source]);
      }
      if (isMap(value)) nchw.push(name);
    }
    const live = new Set(outputs.keys());
    const nodes = [...this.#nodes.values()];
    for (const node of nodes.toReversed()) {
      if (live.has(node.name)) node.inputs.forEach((input) => live.add(input));
    }
    for (const [name, { node, op }] of this.#pending) {
      if (!live.has(name)) continue;
      throw new ModelError(
        `Cannot read ONNX node "${node}" (${op}): its input is computed by the network, wanted a constant, or a pattern known by heart (Mish, division by a norm)`,
      );
    }
    for (const [name, { shape, data }] of this.#constants) {
      if (live.has(name)) this.#builder.constant(name, shape, data);
    }
    for (const { op, name, attrs, inputs } of nodes) {
      if (live.has(name)) this.#builder.node(op, name, attrs, inputs);
    }
    return this.#builder.build(info, [...outputs.keys()], nchw);
  }

  /** Renames the node of a name, if there is one; gives the name it has now. */
  #vacate(name: string): string {
    if (!this.#nodes.has(name)) return name;
    const other = this.#free(name);
    const rename = (value: string) => value === name ? other : value;
    const nodes = [...this.#nodes.values()].map((node) => ({
      ...node,
      name: rename(node.name),
      inputs: node.inputs.map(rename),
    } as AnyNode));
    this.#nodes.clear();
    for (const node of nodes) this.#nodes.set(node.name, node);
    this.#shapes.set(other, this.#shapes.get(name)!);
    this.#shapes.delete(name);
    return other;
  }
}
