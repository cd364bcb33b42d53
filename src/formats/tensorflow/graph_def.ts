/**
 * TensorFlow's GraphDef in the JSON form that the TensorFlow.js converter writes
 * (tensorflow/tfjs: tfjs-converter/src/data/compiled_api.ts).
 *
 * @module
 */

import { ModelError } from "../../errors.ts";
import { elements, formatShape, type Shape } from "../../tensor.ts";

/** A constant of the graph, decoded. */
export interface TfTensor {
  readonly shape: Shape;
  readonly data: Float32Array | Int32Array;
}

/** A reference to an output of a node. */
export interface TfInput {
  readonly node: string;
  readonly output: number;
}

/** One node; control inputs are left out, they order side effects that inference has none of. */
export interface TfNode {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly TfInput[];
  readonly attr: Readonly<Record<string, unknown>>;
}

/** Nodes and constants by name. */
export interface TfGraph {
  readonly nodes: ReadonlyMap<string, TfNode>;
  readonly constants: ReadonlyMap<string, TfTensor>;
}

/** Whether a parsed JSON value is an object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Reads `modelTopology`.
 *
 * @throws {ModelError} If it is not a GraphDef.
 */
export function parseNodes(topology: unknown): Map<string, TfNode> {
  const list = isRecord(topology) ? topology.node : undefined;
  if (!Array.isArray(list)) throw new ModelError("Cannot read model: modelTopology has no list of nodes");
  const nodes = new Map<string, TfNode>();
  for (const item of list as unknown[]) {
    if (!isRecord(item) || typeof item.name !== "string" || typeof item.op !== "string") {
      throw new ModelError(
        `Cannot read model: a node has no name or operator: ${JSON.stringify(item).slice(0, 80)}`,
      );
    }
    const inputs = Array.isArray(item.input) ? item.input as unknown[] : [];
    nodes.set(item.name, {
      name: item.name,
      op: item.op,
      inputs: inputs.map(String).filter((name) => !name.startsWith("^")).map((name) => {
        const [node, output = "0"] = name.split(":");
        return { node, output: Number(output) };
      }),
      attr: isRecord(item.attr) ? item.attr : {},
    });
  }
  return nodes;
}

function attribute(node: TfNode, name: string, kind: string): unknown {
  const value = node.attr[name];
  return isRecord(value) ? value[kind] : undefined;
}

/** A string attribute: char codes, or base64 as protobuf's JSON writes bytes. */
export function stringAttr(node: TfNode, name: string): string | undefined {
  const value = attribute(node, name, "s");
  if (Array.isArray(value)) return String.fromCharCode(...value.map(Number));
  if (typeof value !== "string") return undefined;
  try {
    return atob(value);
  } catch {
    return value;
  }
}

/** A list of integers; protobuf's JSON writes 64-bit ones as strings. */
export function integersAttr(node: TfNode, name: string): number[] | undefined {
  const list = attribute(node, name, "list");
  if (!isRecord(list)) {
    const bare = attribute(node, name, "i");
    return Array.isArray(bare) ? bare.map(Number) : undefined;
  }
  return Array.isArray(list.i) ? list.i.map(Number) : [];
}

/** A number attribute. */
export function numberAttr(node: TfNode, name: string): number | undefined {
  const value = attribute(node, name, "f") ?? attribute(node, name, "i");
  return typeof value === "number" || typeof value === "string" ? Number(value) : undefined;
}

/** A boolean attribute; false when missing. */
export function booleanAttr(node: TfNode, name: string): boolean {
  return attribute(node, name, "b") === true;
}

/**
 * Cuts the shards into named constants, as `weightsManifest` tells.
 *
 * @throws {ModelError} If the manifest does not fit the shards, or a weight is neither f32 nor i32.
 */
export function parseWeights(manifest: unknown, shards: readonly Uint8Array[][]): Map<string, TfTensor> {
  const constants = new Map<string, TfTensor>();
  (manifest as unknown[]).forEach((group, g) => {
    const bytes = concatenate(shards[g]);
    const weights = isRecord(group) && Array.isArray(group.weights) ? group.weights as unknown[] : [];
    let offset = 0;
    for (const weight of weights) {
      const { name, shape, dtype, quantization } = isRecord(weight) ? weight : {};
      if (
        typeof name !== "string" || !Array.isArray(shape) ||
        !shape.every((n) => Number.isInteger(n) && n >= 0)
      ) {
        throw new ModelError(
          `Cannot read weights: the manifest entry ${JSON.stringify(weight)} has no name or shape`,
        );
      }
      if ((dtype !== "float32" && dtype !== "int32") || quantization !== undefined) {
        throw new ModelError(
          `Cannot read weight "${name}": it is ${
            quantization ? "quantised" : dtype
          }, wanted float32 or int32`,
        );
      }
      const count = elements(shape as number[]);
      if (offset + count * 4 > bytes.length) {
        throw new ModelError(
          `Cannot read weight "${name}": ${formatShape(shape as number[])} ends at byte ${
            offset + count * 4
          }, the shards hold ${bytes.length}; fetch them again`,
        );
      }
      const slice = bytes.slice(offset, offset + count * 4).buffer;
      constants.set(name, {
        shape,
        data: dtype === "int32" ? new Int32Array(slice) : new Float32Array(slice),
      });
      offset += count * 4;
    }
    if (offset !== bytes.length) {
      throw new ModelError(
        `Cannot read weights: the shards hold ${bytes.length} bytes, the manifest tells of ${offset}`,
      );
    }
  });
  return constants;
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
