/**
 * TensorFlow's GraphDef in the JSON form that the TensorFlow.js converter writes
 * (tensorflow/tfjs: tfjs-converter/src/data/compiled_api.ts).
 *
 * @module
 */

import { ModelError } from "../../errors.ts";
import type { Tensor } from "../../tensor.ts";

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
  readonly constants: ReadonlyMap<string, Tensor>;
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
        `Cannot read model: a node has no name or operator: ${String(JSON.stringify(item)).slice(0, 80)}`,
      );
    }
    const inputs = Array.isArray(item.input) ? item.input as unknown[] : [];
    nodes.set(item.name, {
      name: item.name,
      op: item.op,
      inputs: inputs.map(String).filter((name) => !name.startsWith("^")).map(parseInput),
      attr: isRecord(item.attr) ? item.attr : {},
    });
  }
  return nodes;
}

/** A reference `node` or `node:output`. */
export function parseInput(reference: string): TfInput {
  const [node, output = "0"] = reference.split(":");
  return { node, output: Number(output) };
}

function attribute(node: TfNode, name: string, kind: string): unknown {
  const value = node.attr[name];
  return isRecord(value) ? value[kind] : undefined;
}

/** A string attribute: char codes, or base64 as protobuf's JSON writes bytes. */
export function stringAttr(node: TfNode, name: string): string | undefined {
  return decodeString(attribute(node, name, "s"));
}

/** A list of strings; empty when missing. */
export function stringsAttr(node: TfNode, name: string): string[] {
  const list = attribute(node, name, "list");
  return isRecord(list) && Array.isArray(list.s) ? list.s.map((value) => decodeString(value) ?? "") : [];
}

function decodeString(value: unknown): string | undefined {
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
