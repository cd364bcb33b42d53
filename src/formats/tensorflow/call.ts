/**
 * What the handlers of TensorFlow's operators share: a node at hand, its inputs, and refusals that name it.
 *
 * @module
 */

import { ModelError } from "../../errors.ts";
import type { Pair } from "../../geometry.ts";
import { formatShape, type Shape, type Tensor } from "../../tensor.ts";
import { booleanAttr, integersAttr, numberAttr, stringAttr, type TfNode } from "./graph_def.ts";
import { shapeOf, type Sliding, type TfValue, type Translator } from "./translator.ts";

/**
 * A map cut into blocks by `SpaceToBatchND`, and maybe convolved, until `BatchToSpaceND` puts it together: how TensorFlow spells a dilated convolution.
 */
export interface Blocks {
  readonly kind: "blocks";
  readonly dilations: Pair;
  /** Zeros before and after, along y and x. */
  readonly paddings: readonly [y: Pair, x: Pair];
  readonly x: TfValue;
  /** The dilated convolution, once there is one. */
  readonly convolve?: (sliding: Sliding) => TfValue;
}

/** A node to be translated. */
export interface Call {
  readonly node: TfNode;
  readonly inputs: readonly (TfValue | Blocks)[];
  readonly to: Translator;
}

/** What a node makes; a list where it has several outputs. */
export type Result = TfValue | Blocks | readonly TfValue[];

/** Translates one kind of node. */
export type Handler = (call: Call) => Result;

/**
 * Refuses a node.
 *
 * @throws {ModelError} Always.
 */
export function fail({ node }: Pick<Call, "node">, found: string, wanted: string): never {
  throw new ModelError(`Cannot read node "${node.name}" (${node.op}): ${found}, wanted ${wanted}`);
}

/** An input. */
export function inputOf(call: Call, index: number): TfValue {
  const value = call.inputs[index];
  if (!value) return fail(call, `it has ${call.inputs.length} inputs`, `at least ${index + 1}`);
  if (value.kind === "blocks") return fail(call, "its input is cut by SpaceToBatchND", "a convolution there");
  return value;
}

/** A map `[n, h, w, c]`. */
export function mapOf(call: Call, index = 0): TfValue {
  const value = inputOf(call, index);
  if (shapeOf(value).length !== 4) {
    fail(call, `input ${index} is ${formatShape(shapeOf(value))}`, "4 axes (n, h, w, c)");
  }
  return value;
}

/** A known input. */
export function constantOf(call: Call, index: number): TfValue & { kind: "constant" } {
  const value = inputOf(call, index);
  return value.kind === "constant" ? value : fail(call, `input ${index} is computed`, "a constant");
}

/** A known input of numbers. */
export function tensorOf(call: Call, index: number): Tensor {
  return constantOf(call, index).tensor;
}

/** A known list of integers. */
export function integersOf(call: Call, index: number): number[] {
  const list = Array.from(tensorOf(call, index).data);
  return list.every(Number.isInteger) ? list : fail(call, `input ${index} is ${list}`, "integers");
}

/** An axis from 0 on. */
export function axisOf(call: Call, axis: number, rank: number): number {
  const from = axis < 0 ? axis + rank : axis;
  return from >= 0 && from < rank ? from : fail(call, `axis ${axis} of ${rank}`, "one that exists");
}

/** The height and width entries of an NHWC list attribute; 1 and 1 when missing. */
export function spatial(call: Call, name: string): Pair {
  const list = integersAttr(call.node, name);
  if (!list || list.length === 0) return [1, 1];
  if (list.length !== 4 || list[0] !== 1 || list[3] !== 1) fail(call, `${name} is ${list}`, "1, y, x, 1");
  return [list[1], list[2]];
}

/** Refuses channels first. */
export function checkNhwc(call: Call): void {
  const format = stringAttr(call.node, "data_format") ?? "NHWC";
  if (format !== "NHWC") fail(call, `data_format is ${format}`, "NHWC");
}

/** Padding by rule, or explicit. */
export function paddingOf(call: Call): Sliding["padding"] {
  const name = stringAttr(call.node, "padding");
  if (name === "SAME" || name === "VALID") return name;
  const explicit = integersAttr(call.node, "explicit_paddings") ?? [];
  if (name !== "EXPLICIT" || explicit.length !== 8) {
    fail(call, `padding is ${name} ${explicit}`, "SAME, VALID, or EXPLICIT with 8 integers");
  }
  return [explicit[2], explicit[4], explicit[3], explicit[5]];
}

/** A number attribute, or what it is when missing. */
export function numberOf(call: Call, name: string, missing: number): number {
  return numberAttr(call.node, name) ?? missing;
}

/** Shape without the axes in `axes`. */
export function without(shape: Shape, axes: readonly number[]): Shape {
  return shape.filter((_, axis) => !axes.includes(axis));
}

/** A boolean attribute; false when missing. */
export function booleanOf(call: Call, name: string): boolean {
  return booleanAttr(call.node, name);
}
