/**
 * A node being translated: its inputs and attributes, checked as they are asked for.
 *
 * @module
 */

import { ModelError } from "../../errors.ts";
import { formatShape } from "../../tensor.ts";
import type { Literal } from "./literal.ts";
import type { AttributeValue, OnnxNode } from "./model.ts";
import type { Translator } from "./translator.ts";
import type { Computed, Value } from "./value.ts";

/** A node, what it reads, and where its translation goes. */
export interface Call {
  readonly node: OnnxNode;
  /** `undefined` where an optional input is left out. */
  readonly inputs: readonly (Value | undefined)[];
  /** Name of the first output. */
  readonly name: string;
  readonly opset: number;
  readonly to: Translator;
}

/** Translates a node to its outputs, of which trailing ones that nobody reads may be missing. */
export type Handler = (call: Call) => Value | readonly Value[];

/** Most characters of what was found that an error repeats; files may hold endless lists. */
const MAX_FOUND = 300;

/**
 * Says what is wrong with a node.
 *
 * @throws {ModelError} Always.
 */
export function fail({ node }: Pick<Call, "node">, found: string, wanted: string): never {
  const short = found.length > MAX_FOUND ? `${found.slice(0, MAX_FOUND)}…` : found;
  throw new ModelError(`Cannot read ONNX node "${node.name}" (${node.op}): ${short}, wanted ${wanted}`);
}

/** An attribute in words. */
function show(value: AttributeValue): string {
  if (value === null) return "of a kind that is not read";
  if (Array.isArray(value)) return `the list ${value.slice(0, 8).join(", ")}`;
  return typeof value === "object" ? "a tensor" : JSON.stringify(value);
}

/**
 * An input that must be there.
 *
 * @throws {ModelError} If it is left out.
 */
export function inputOf(call: Call, index: number): Value {
  return call.inputs[index] ?? fail(call, `input ${index} is missing`, "a tensor");
}

/** An input as a tensor of our graph. */
export function computedOf(call: Call, index: number): Computed {
  return call.to.computed(inputOf(call, index), call.name);
}

/**
 * An input that must be a feature map.
 *
 * @throws {ModelError} If it has not four axes.
 */
export function mapOf(call: Call, index = 0): Computed {
  const x = computedOf(call, index);
  if (x.shape.length !== 4) {
    fail(call, `input ${index} is ${formatShape(x.shape)}`, "4 axes (n, c, h, w)");
  }
  return x;
}

/**
 * An input that must be known while reading; `undefined` if it is left out.
 *
 * @throws {ModelError} If the network computes it.
 */
export function optionalLiteral(call: Call, index: number): Literal | undefined {
  const value = call.inputs[index];
  if (value?.kind === "computed") fail(call, `input ${index} is computed by the network`, "a constant");
  return value?.kind === "known" ? value.literal : undefined;
}

/**
 * An input that must be there, and known while reading.
 *
 * @throws {ModelError} If it is left out, or the network computes it.
 */
export function literalOf(call: Call, index: number): Literal {
  return optionalLiteral(call, index) ?? fail(call, `input ${index} is missing`, "a constant");
}

/**
 * The one value of a known input; `undefined` if the input is left out.
 *
 * @throws {ModelError} If the network computes it, or it has several values.
 */
export function optionalScalar(call: Call, index: number): number | undefined {
  const literal = optionalLiteral(call, index);
  if (literal && literal.data.length !== 1) {
    fail(call, `input ${index} is ${formatShape(literal.shape)}`, "one value");
  }
  return literal?.data[0];
}

/**
 * A number of an attribute, or `otherwise`.
 *
 * @throws {ModelError} If it is something else, or not finite.
 */
export function numberOf(call: Call, name: string, otherwise: number): number {
  const value = call.node.attributes.get(name) ?? otherwise;
  if (typeof value !== "number" || !Number.isFinite(value)) {
    return fail(call, `attribute ${name} is ${show(value)}`, "a finite number");
  }
  return value;
}

/**
 * A word of an attribute, or `otherwise`.
 *
 * @throws {ModelError} If it is something else, or not one of `words`.
 */
export function wordOf<const Word extends string>(
  call: Call,
  name: string,
  words: readonly Word[],
  otherwise: Word,
): Word {
  const value = call.node.attributes.get(name) ?? otherwise;
  return words.find((word) => word === value) ??
    fail(call, `attribute ${name} is ${show(value)}`, `one of ${words.join(", ")}`);
}

/**
 * A list of numbers of an attribute, `undefined` if there is none.
 *
 * @throws {ModelError} If it is something else.
 */
export function listOf(call: Call, name: string): readonly number[] | undefined {
  const value = call.node.attributes.get(name);
  if (value === undefined) return undefined;
  return Array.isArray(value)
    ? value as readonly number[]
    : fail(call, `attribute ${name} is ${show(value)}`, "a list of numbers");
}

/** A list of integers that older operator sets keep in an attribute, newer ones in an input. */
export function listOrInput(call: Call, name: string, index: number): readonly number[] | undefined {
  const literal = optionalLiteral(call, index);
  return literal ? Array.from(literal.data) : listOf(call, name);
}

/**
 * An axis counted from 0.
 *
 * @throws {ModelError} If there is none of that number.
 */
export function axisOf(call: Call, axis: number, rank: number): number {
  const positive = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || positive < 0 || positive >= rank) {
    fail(call, `axis is ${axis}`, `one of the ${rank} axes`);
  }
  return positive;
}

/**
 * Axes counted from 0, each once.
 *
 * @throws {ModelError} If one does not exist, or is named twice.
 */
export function axesOf(call: Call, axes: readonly number[], rank: number): number[] {
  const positive = axes.map((axis) => axisOf(call, axis, rank));
  if (new Set(positive).size !== axes.length) fail(call, `axes are ${axes}`, "each axis once");
  return positive;
}
