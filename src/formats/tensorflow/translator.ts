/**
 * Writes the graph of a TensorFlow.js model, whichever of its two forms is read: layers that both know, arithmetic of known values, operands that are stretched.
 *
 * @module
 */

import { ModelError } from "../../errors.ts";
import { namedPadding, type Padding, type Pair } from "../../geometry.ts";
import type { GraphBuilder } from "../../graph/builder.ts";
import { type AttrsOf, type OpName, opOf } from "../../ops/index.ts";
import { channelsOf, elements, formatShape, sameShape, type Shape, type Tensor } from "../../tensor.ts";

/** A value while a model is being read: known, or computed by the network. */
export type TfValue =
  | { readonly kind: "constant"; readonly name: string; readonly tensor: Tensor }
  | { readonly kind: "computed"; readonly name: string; readonly shape: Shape };

/** Shape of a value. */
export function shapeOf(value: TfValue): Shape {
  return value.kind === "constant" ? value.tensor.shape : value.shape;
}

/** A known value. */
export function known(name: string, shape: Shape, data: ArrayLike<number>): TfValue {
  return { kind: "constant", name, tensor: { shape, data: Float32Array.from(data) } };
}

/** How a window slides; `padding` is a rule of TensorFlow's or explicit. */
export interface Sliding {
  readonly strides: Pair;
  readonly dilations: Pair;
  readonly padding: "SAME" | "VALID" | Padding;
}

/** Operators that are computed while reading where all of their inputs are known. */
const FOLDED: ReadonlySet<OpName> = new Set<OpName>([
  "add",
  "sub",
  "mul",
  "div",
  "maximum",
  "clip",
  "concat",
  "slice",
  "pad",
  "transpose",
  "reshape",
]);

/** Values that folding may make for each value of the file, and for any file. */
const FOLDED_FACTOR = 8, FOLDED_VALUES = 2 ** 20;

/** Most nodes that a graph may get. */
const MAX_NODES = 2 ** 16;

type BinaryOp = "add" | "sub" | "mul" | "div" | "maximum";

/** The shape that two operands are stretched to; `undefined` if they do not fit. */
function broadcast(a: Shape, b: Shape): Shape | undefined {
  const rank = Math.max(a.length, b.length);
  const [x, y] = [a, b].map((shape) => [...Array(rank - shape.length).fill(1), ...shape]);
  const fits = x.every((extent, axis) =>
    extent > 0 && y[axis] > 0 && (extent === y[axis] || extent === 1 || y[axis] === 1)
  );
  return fits ? x.map((extent, axis) => extent === 1 ? y[axis] : extent) : undefined;
}

/** Emits nodes of the graph being built. */
export class Translator {
  readonly #builder: GraphBuilder;
  readonly #constants = new Map<string, Tensor>();
  #left: number;
  #nodes = 0;

  /** Translates into `builder` a file of so many constant values. */
  constructor(builder: GraphBuilder, values: number) {
    this.#builder = builder;
    this.#left = FOLDED_VALUES + FOLDED_FACTOR * values;
  }

  /** Accounts for values made while reading, so that a small file cannot ask for large memory. */
  #spend(values: number, name: string): void {
    this.#left -= values;
    if (!(this.#left >= 0)) {
      throw new ModelError(
        `Cannot read node "${name}": its known values take more than ${FOLDED_FACTOR} times what the file holds`,
      );
    }
  }

  /** Adds a node; what is known becomes a constant of the graph, or is computed at once. */
  emit<Name extends OpName>(
    op: Name,
    name: string,
    attrs: AttrsOf<Name>,
    inputs: readonly TfValue[],
  ): TfValue {
    const shape = opOf(op).infer(attrs, inputs.map(shapeOf), `${op} "${name}"`);
    if (FOLDED.has(op) && inputs.every((input) => input.kind === "constant")) {
      this.#spend(elements(shape), name);
      return known(name, shape, opOf(op).reference(attrs, inputs.map((input) => input.tensor), shape));
    }
    if (++this.#nodes > MAX_NODES) {
      throw new ModelError(`Cannot read node "${name}": the graph has more than ${MAX_NODES} nodes`);
    }
    this.#builder.node(op, name, attrs, inputs.map((input) => this.#nameOf(input)));
    return { kind: "computed", name, shape };
  }

  /** The name of a value in the graph; a constant enters when it is first used. */
  #nameOf(value: TfValue): string {
    if (value.kind === "computed") return value.name;
    const { tensor } = value;
    let name = value.name;
    for (let copy = 2;; copy++) {
      const other = this.#constants.get(name);
      if (!other) break;
      if (other.data === tensor.data && sameShape(other.shape, tensor.shape)) return name;
      name = `${value.name}:${copy}`;
    }
    this.#constants.set(name, tensor);
    return this.#builder.constant(name, tensor.shape, tensor.data);
  }

  /** A function of known values. */
  map(name: string, { shape, data }: Tensor, f: (value: number) => number): TfValue {
    this.#spend(data.length, name);
    return known(name, shape, data.map(f));
  }

  /** `shape` filled with one number. */
  fill(name: string, shape: Shape, value: number): TfValue {
    this.#spend(elements(shape), name);
    return known(name, shape, new Float32Array(elements(shape)).fill(value));
  }

  /** The same values in another shape. */
  reshape(name: string, x: TfValue, shape: Shape): TfValue {
    if (x.kind === "constant" && elements(x.tensor.shape) === elements(shape)) {
      return { ...x, tensor: { shape, data: x.tensor.data } };
    }
    return sameShape(shapeOf(x), shape) ? x : this.emit("reshape", name, { shape }, [x]);
  }

  /** Reorders axes. */
  transpose(name: string, x: TfValue, permutation: readonly number[]): TfValue {
    return permutation.every((from, to) => from === to)
      ? x
      : this.emit("transpose", name, { permutation }, [x]);
  }

  /**
   * An operator of two operands, stretched to one another as TensorFlow does.
   *
   * @throws {ModelError} If their shapes do not fit.
   */
  binary(op: BinaryOp, name: string, a: TfValue, b: TfValue): TfValue {
    const shape = broadcast(shapeOf(a), shapeOf(b));
    if (!shape) {
      throw new ModelError(
        `Cannot read node "${name}": its operands are ${formatShape(shapeOf(a))} and ${
          formatShape(shapeOf(b))
        }, which do not fit one another`,
      );
    }
    const full = (value: TfValue) => value.kind === "computed" && elements(value.shape) === elements(shape);
    const commutes = op !== "sub" && op !== "div";
    if (commutes && !full(a) && (full(b) || a.kind === "constant")) [a, b] = [b, a];
    return this.emit(op, name, {}, [
      this.#stretch(`${name}:a`, a, shape, false),
      this.#stretch(`${name}:b`, b, shape, true),
    ]);
  }

  /** An operand in the shape of the result; as the second operand one vector of its channels will do. */
  #stretch(name: string, value: TfValue, shape: Shape, vector: boolean): TfValue {
    const from = shapeOf(value), size = elements(from), channels = channelsOf(shape);
    const lifted = [...Array(shape.length - from.length).fill(1), ...from];
    if (vector && size === channels && channelsOf(lifted) === channels) return value;
    if (size === elements(shape)) return this.reshape(`${name}:shape`, value, shape);
    if (value.kind === "constant" && size === 1) {
      return this.fill(`${name}:filled`, vector ? [channels] : shape, value.tensor.data[0]);
    }
    return lifted.reduce<TfValue>((stretched, extent, axis) => {
      if (extent === shape[axis]) return stretched;
      this.#spend(shape[axis], name);
      return this.concat(`${name}:${axis}`, Array(shape[axis]).fill(stretched), axis);
    }, this.reshape(`${name}:shape`, value, lifted));
  }

  /** Joins along any axis; one that our operator does not join by is brought to the end meanwhile. */
  concat(name: string, values: readonly TfValue[], axis: number): TfValue {
    const shape = shapeOf(values[0]), last = shape.length - 1;
    if (axis === last || shape.slice(0, axis).every((n) => n === 1)) {
      return this.emit("concat", name, { axis }, values);
    }
    const swap = shape.map((_, i) => i === axis ? last : i === last ? axis : i);
    const turned = new Map<TfValue, TfValue>();
    for (const value of values) {
      if (!turned.has(value)) turned.set(value, this.transpose(`${name}:turned${turned.size}`, value, swap));
    }
    const joined = this.emit("concat", `${name}:joined`, { axis: last }, values.map((v) => turned.get(v)!));
    return this.transpose(name, joined, swap);
  }

  /** `sizes` values of each axis from `starts` on. */
  slice(
    name: string,
    x: TfValue,
    starts: readonly number[],
    sizes: readonly number[],
    steps?: readonly number[],
  ): TfValue {
    if (!steps && sameShape(shapeOf(x), sizes)) return x;
    return this.emit("slice", name, { starts, sizes, ...(steps && { steps }) }, [x]);
  }

  /** A convolution by a filter `[kh, kw, c, o]`, or depthwise by `[kh, kw, c, multiplier]`. */
  convolve(
    name: string,
    x: TfValue,
    filter: TfValue & { kind: "constant" },
    bias: TfValue | undefined,
    { strides, dilations, padding }: Sliding,
    depthwise: boolean,
  ): TfValue {
    const [kh, kw, channels, last] = filter.tensor.shape, [, height, width] = shapeOf(x);
    // [kh, kw, c, multiplier] holds the same values in the same order as [kh, kw, 1, c * multiplier].
    const shape = depthwise ? [kh, kw, 1, channels * last] : filter.tensor.shape;
    const attrs = {
      strides,
      padding: typeof padding === "string"
        ? namedPadding(padding, [height, width], [kh, kw], strides, dilations)
        : padding,
      dilations,
      groups: depthwise ? channels : 1,
    };
    const weight: TfValue = { ...filter, tensor: { shape, data: filter.tensor.data } };
    return this.emit("conv2d", name, attrs, [x, weight, ...bias ? [bias] : []]);
  }

  /** The last axis times a known matrix `[k, n]`. */
  dense(name: string, x: TfValue, weight: TfValue, bias: TfValue | undefined): TfValue {
    const [k, n] = shapeOf(weight), leading = shapeOf(x).slice(0, -1);
    const rows = this.reshape(`${name}:rows`, x, [elements(leading), 1, 1, channelsOf(shapeOf(x))]);
    const matrix = this.reshape(`${name}:matrix`, weight, [1, 1, k, n]);
    const attrs = { strides: [1, 1], dilations: [1, 1], padding: [0, 0, 0, 0], groups: 1 } as const;
    const product = this.emit("conv2d", `${name}:product`, attrs, [rows, matrix, ...bias ? [bias] : []]);
    return this.emit("reshape", name, { shape: [...leading, n] }, [product]);
  }

  /** Pooling of a map `[n, h, w, c]`. */
  pool(
    kind: "max" | "avg",
    name: string,
    x: TfValue,
    kernel: Pair,
    { strides, padding }: Omit<Sliding, "dilations">,
  ): TfValue {
    const [, height, width] = shapeOf(x);
    const attrs = {
      kernel,
      strides,
      padding: typeof padding === "string"
        ? namedPadding(padding, [height, width], kernel, strides, [1, 1])
        : padding,
    };
    return kind === "max"
      ? this.emit("max_pool", name, attrs, [x])
      : this.emit("avg_pool", name, { ...attrs, countPadding: false }, [x]);
  }

  /** The mean or greatest of each channel, `[n, 1, 1, c]` or `[n, c]`. */
  globalPool(kind: "max" | "avg", name: string, x: TfValue, keep: boolean): TfValue {
    const [batch, height, width, channels] = shapeOf(x),
      sliding = { strides: [1, 1], padding: "VALID" } as const;
    const pooled = this.pool(kind, keep ? name : `${name}:pooled`, x, [height, width], sliding);
    return keep ? pooled : this.emit("reshape", name, { shape: [batch, channels] }, [pooled]);
  }

  /** x where it is positive, else alpha (e^x - 1); e^x - 1 is 2t / (1 - t) of t = tanh(x / 2), which loses no digits near 0. */
  elu(name: string, x: TfValue, alpha: number): TfValue {
    const half = this.binary("mul", `${name}:half`, this.below(name, x), known(`${name}:0.5`, [], [0.5]));
    const t = this.emit("tanh", `${name}:tanh`, {}, [half]);
    const rest = this.binary("sub", `${name}:rest`, known(`${name}:1`, [], [1]), t);
    const ratio = this.binary("div", `${name}:ratio`, t, rest);
    const scaled = this.binary("mul", `${name}:negative`, ratio, known(`${name}:2alpha`, [], [2 * alpha]));
    return this.binary("add", name, this.above(name, x), scaled);
  }

  /** x where it is positive, else alpha x, with an alpha of every channel or value. */
  prelu(name: string, x: TfValue, alpha: TfValue): TfValue {
    const negative = this.binary("mul", `${name}:negative`, this.below(name, x), alpha);
    return this.binary("add", name, this.above(name, x), negative);
  }

  /** min(a, b) = -max(-a, -b); a limit where one of them is one known number. */
  minimum(name: string, a: TfValue, b: TfValue): TfValue {
    for (const [x, limit] of [[a, b], [b, a]]) {
      if (limit.kind === "constant" && limit.tensor.data.length === 1) {
        return this.emit("clip", name, { hi: limit.tensor.data[0] }, [x]);
      }
    }
    const minus = known(`${name}:minus`, [], [-1]);
    const [x, y] = [a, b].map((value, i) => this.binary("mul", `${name}:${i}`, value, minus));
    return this.binary("mul", name, this.binary("maximum", `${name}:max`, x, y), minus);
  }

  /** min(x, 0). */
  below(name: string, x: TfValue): TfValue {
    return this.emit("clip", `${name}:below`, { hi: 0 }, [x]);
  }

  /** max(x, 0). */
  above(name: string, x: TfValue): TfValue {
    return this.emit("clip", `${name}:above`, { lo: 0 }, [x]);
  }
}
