/**
 * Values while an ONNX graph is being read: known ones, and computed ones, which keep ONNX's shape and say in which order its axes lie in our tensor.
 *
 * @module
 */

import { elements, type Shape } from "../../tensor.ts";
import type { Literal } from "./literal.ts";

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
export function wideAxes(order: readonly number[], shape: Shape): number[] {
  return order.filter((axis) => shape[axis] !== 1);
}

/** Whether two lists hold the same numbers. */
export function sameList(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

/** A number as a known value. */
export function scalar(value: number): Value {
  return known({ type: "float32", shape: [], data: Float32Array.of(value) });
}

/** The order of axes in which operands of a result of `shape` meet: that of the widest computed one, maps before others. */
export function commonOrder(values: readonly Value[], shape: Shape): readonly number[] {
  const candidates = values.filter((value) => value.kind === "computed")
    .filter((value) => value.shape.length === shape.length)
    .toSorted((a, b) =>
      elements(b.shape) - elements(a.shape) ||
      Number(sameList(b.order, NHWC)) - Number(sameList(a.order, NHWC))
    );
  return candidates[0]?.order ?? plain(shape.length);
}

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
