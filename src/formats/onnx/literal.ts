/**
 * Values that are known while an ONNX file is read: weights, and the shape arithmetic that exporters leave in graphs. Arithmetic on them happens here, under
 * a budget, so that a small file cannot ask for a large memory.
 *
 * @module
 */

import { ModelError } from "../../errors.ts";
import { elements, formatShape, sameShape, type Shape } from "../../tensor.ts";

/** Element types that are read, under their numbers in ONNX (`TensorProto.DataType`). */
export const dataTypes = {
  1: "float32",
  2: "uint8",
  3: "int8",
  4: "uint16",
  5: "int16",
  6: "int32",
  7: "int64",
  9: "bool",
  10: "float16",
  11: "float64",
  12: "uint32",
  13: "uint64",
  16: "bfloat16",
} as const;

/** Name of an element type. */
export type DataType = (typeof dataTypes)[keyof typeof dataTypes];

/** Most axes of a tensor. */
export const MAX_RANK = 8;

/** A known tensor, row-major in ONNX's order of axes. Floats are held as the type asks, 16-bit ones as f32; integers and booleans as f64. */
export interface Literal {
  readonly type: DataType;
  readonly shape: Shape;
  readonly data: Float32Array | Float64Array;
}

/** Whether a type is one of real numbers. */
export function isFloat(type: DataType): boolean {
  return type.startsWith("float") || type === "bfloat16";
}

/** Storage for `length` values of a type. */
export function storage(type: DataType, length: number): Float32Array | Float64Array {
  return isFloat(type) && type !== "float64" ? new Float32Array(length) : new Float64Array(length);
}

/** A 1-D tensor of integers. */
export function integers(values: readonly number[], shape: Shape = [values.length]): Literal {
  return { type: "int64", shape, data: Float64Array.from(values) };
}

/** Nearest integer, halves to the even one. */
export function roundToEven(x: number): number {
  const floor = Math.floor(x);
  if (x - floor !== 0.5) return Math.round(x);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Elements from one index of each axis to the next, in a dense tensor. */
function stridesOf(shape: Shape): number[] {
  const strides = shape.map(() => 1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1] * shape[axis + 1];
  return strides;
}

/**
 * The shape that two shapes are broadcast to (ONNX, "Multidirectional Broadcasting"), `undefined` where they do not fit.
 */
export function broadcast(a: Shape, b: Shape): Shape | undefined {
  const rank = Math.max(a.length, b.length);
  const extent = (shape: Shape, axis: number) => shape[axis - (rank - shape.length)] ?? 1;
  const shape = Array.from({ length: rank }, (_, axis) => {
    const [m, n] = [extent(a, axis), extent(b, axis)];
    return m === n || n === 1 ? m : m === 1 ? n : NaN;
  });
  return shape.some(Number.isNaN) ? undefined : shape;
}

/** Arithmetic on known tensors; all that is made counts against one budget. */
export class Folder {
  #left: number;
  readonly #limit: number;

  /** Makes at most `limit` values in all. */
  constructor(limit: number) {
    this.#limit = limit;
    this.#left = limit;
  }

  /** A tensor to be filled. */
  #allocate(type: DataType, shape: Shape): Float32Array | Float64Array {
    const length = elements(shape);
    if (!(length <= this.#left)) {
      throw new ModelError(
        `Cannot read ONNX: constants computed from the file take more than ${this.#limit} values; the next is ${
          formatShape(shape)
        }`,
      );
    }
    this.#left -= length;
    return storage(type, length);
  }

  /** The values that lie `strides` apart from `offset` on, as a tensor of `shape`. */
  #gather(from: Literal, shape: Shape, offset: number, strides: readonly number[]): Literal {
    const data = this.#allocate(from.type, shape);
    const inner = shape.length - 1, run = shape[inner] ?? 1, step = strides[inner] ?? 0;
    const index = shape.map(() => 0);
    let base = offset;
    for (let i = 0; i < data.length;) {
      for (let j = 0, at = base; j < run; j++, at += step) data[i++] = from.data[at];
      for (let axis = inner - 1; axis >= 0; axis--) {
        base += strides[axis];
        if (++index[axis] < shape[axis]) break;
        base -= strides[axis] * shape[axis];
        index[axis] = 0;
      }
    }
    return { type: from.type, shape, data };
  }

  /** A tensor of one value. */
  fill(type: DataType, shape: Shape, value: number): Literal {
    return { type, shape, data: this.#allocate(type, shape).fill(value) };
  }

  /** `first`, `first + step`, ... */
  range(type: DataType, first: number, step: number, count: number): Literal {
    const data = this.#allocate(type, [count]);
    return { type, shape: [count], data: data.map((_, i) => first + i * step) };
  }

  /** Axis i of the result is axis `permutation[i]` of `x`. */
  transpose(x: Literal, permutation: readonly number[]): Literal {
    if (permutation.every((axis, i) => axis === i)) return x;
    const strides = stridesOf(x.shape);
    return this.#gather(
      x,
      permutation.map((axis) => x.shape[axis]),
      0,
      permutation.map((axis) => strides[axis]),
    );
  }

  /** `sizes` values along each axis, from `starts` on, `steps` apart (which may be negative). */
  slice(x: Literal, starts: readonly number[], sizes: readonly number[], steps: readonly number[]): Literal {
    const strides = stridesOf(x.shape);
    const offset = starts.reduce((sum, start, axis) => sum + start * strides[axis], 0);
    return this.#gather(x, sizes, offset, steps.map((step, axis) => step * strides[axis]));
  }

  /** `x` broadcast to a shape that it fits. */
  expand(x: Literal, shape: Shape): Literal {
    if (sameShape(x.shape, shape)) return x;
    const lead = shape.length - x.shape.length;
    const strides = stridesOf(x.shape);
    const spread = shape.map((_, axis) =>
      axis < lead || x.shape[axis - lead] === 1 ? 0 : strides[axis - lead]
    );
    return this.#gather(x, shape, 0, spread);
  }

  /** `x` repeated `repeats` times along each axis. */
  tile(x: Literal, repeats: readonly number[]): Literal {
    return repeats.reduce(
      (tensor, count, axis) => count === 1 ? tensor : this.#repeat(tensor, count, axis),
      x,
    );
  }

  #repeat(x: Literal, count: number, axis: number): Literal {
    const shape = x.shape.map((n, i) => i === axis ? n * count : n);
    const apart = [...x.shape.slice(0, axis), 1, ...x.shape.slice(axis)];
    const wide = this.expand({ ...x, shape: apart }, apart.map((n, i) => i === axis ? count : n));
    return { ...wide, shape };
  }

  /** Tensors one after the other along an axis. */
  concat(tensors: readonly Literal[], axis: number): Literal {
    const [{ type, shape: first }] = tensors;
    const shape = first.map((n, i) => i === axis ? tensors.reduce((sum, t) => sum + t.shape[axis], 0) : n);
    const data = this.#allocate(type, shape);
    let at = 0;
    // Of nothing there may be endlessly many rows: the loops end with the values.
    for (let outer = 0; at < data.length; outer++) {
      for (const tensor of tensors) {
        const run = elements(tensor.shape.slice(axis));
        data.set(tensor.data.subarray(outer * run, (outer + 1) * run), at);
        at += run;
      }
    }
    return { type, shape, data };
  }

  /** The entries of an axis at `indices`, whose axes stand in its place. */
  take(x: Literal, indices: Literal, axis: number): Literal {
    const shape = [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)];
    const data = this.#allocate(x.type, shape);
    const run = elements(x.shape.slice(axis + 1));
    let at = 0;
    for (let outer = 0; at < data.length; outer++) {
      for (const index of indices.data) {
        const from = (outer * x.shape[axis] + index) * run;
        data.set(x.data.subarray(from, from + run), at);
        at += run;
      }
    }
    return { type: x.type, shape, data };
  }

  /** A function of every value. */
  map(x: Literal, f: (value: number) => number, type: DataType = x.type): Literal {
    const data = this.#allocate(type, x.shape);
    for (let i = 0; i < data.length; i++) data[i] = f(x.data[i]);
    return { type, shape: x.shape, data };
  }

  /** A function of pairs of values of two tensors broadcast to `shape`. */
  zip(
    a: Literal,
    b: Literal,
    shape: Shape,
    f: (a: number, b: number) => number,
    type: DataType = a.type,
  ): Literal {
    const x = this.expand(a, shape).data, y = this.expand(b, shape).data;
    const data = this.#allocate(type, shape);
    for (let i = 0; i < data.length; i++) data[i] = f(x[i], y[i]);
    return { type, shape, data };
  }

  /** Joins the values along `axes` one by one, starting from the first; these axes keep an extent of 1. */
  reduce(x: Literal, axes: readonly number[], join: (a: number, b: number) => number): Literal {
    const shape = x.shape.map((n, axis) => axes.includes(axis) ? 1 : n);
    const kept = x.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis));
    const { data: values } = this.transpose(x, [...kept, ...axes]);
    const data = this.#allocate(x.type, shape);
    const run = values.length / data.length;
    for (let i = 0; i < data.length; i++) {
      let joined = values[i * run];
      for (let j = 1; j < run; j++) joined = join(joined, values[i * run + j]);
      data[i] = joined;
    }
    return { type: x.type, shape, data };
  }
}
