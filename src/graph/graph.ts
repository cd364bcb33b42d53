/**
 * The one intermediate representation: operators over named values, in order, with constants beside them. Readers build it, passes
 * rewrite it, the compiler turns it into a program. Immutable.
 *
 * @module
 */

import { GraphError } from "../errors.ts";
import { type AttrsOf, type OpName, opOf, ops } from "../ops/index.ts";
import { MAX_ELEMENTS } from "../ops/op.ts";
import { elements, formatShape, type Shape, type Tensor } from "../tensor.ts";
import type { ModelInfo } from "./model_info.ts";

/** One operator at work; its output is the value that bears its name. */
export interface Node<Name extends OpName = OpName> {
  /** Its name, and that of its output. */
  readonly name: string;
  /** Name of its operator. */
  readonly op: Name;
  /** Attributes of that operator. */
  readonly attrs: AttrsOf<Name>;
  /** Names of values: graph inputs, constants, or earlier nodes. */
  readonly inputs: readonly string[];
}

/** A node whose operator tells its attributes. */
export type AnyNode = { [Name in OpName]: Node<Name> }[OpName];

/** A named tensor that enters or leaves. */
export interface Port {
  /** Its name. */
  readonly name: string;
  /** Its extents. */
  readonly shape: Shape;
}

/** A network. */
export interface Graph {
  /** What the model says about itself. */
  readonly info: ModelInfo;
  /** Tensors that enter. */
  readonly inputs: readonly Port[];
  /** Names of the values that leave. */
  readonly outputs: readonly string[];
  /** In an order in which every node comes after its inputs. */
  readonly nodes: readonly AnyNode[];
  /** Weights and other constants, by name. */
  readonly constants: ReadonlyMap<string, Tensor>;
  /** Inputs and outputs of 4 axes that the model's own framework holds as `[n, c, h, w]`: sessions take and give them so. */
  readonly nchw?: readonly string[];
}

/** How a node is called in errors: `conv2d "stage2.0"`. */
export function describe(node: { op: string; name: string }): string {
  return `${node.op} "${node.name}"`;
}

/**
 * Checks that a graph is legal and gives the shape of every value.
 *
 * @throws {GraphError} If a name is missing or taken twice, a node comes before its input, an operator is unknown, or attributes, shapes or constants do
 * not fit.
 */
export function check(graph: Graph): Map<string, Shape> {
  const shapes = new Map<string, Shape>();
  const define = (name: string, shape: Shape, what: string) => {
    if (shapes.has(name)) {
      throw new GraphError(`Cannot check graph: ${what} "${name}" bears a name already taken`);
    }
    if (!shape.every((n) => Number.isInteger(n) && n > 0) || elements(shape) > MAX_ELEMENTS) {
      throw new GraphError(
        `Cannot check graph: ${what} "${name}" is ${
          formatShape(shape)
        }, wanted positive extents, at most ${MAX_ELEMENTS} values`,
      );
    }
    shapes.set(name, shape);
  };
  for (const { name, shape } of graph.inputs) define(name, shape, "input");
  for (const [name, { shape, data }] of graph.constants) {
    define(name, shape, "constant");
    if (data.length !== elements(shape)) {
      throw new GraphError(
        `Cannot check graph: constant "${name}" holds ${data.length} values, shape ${
          formatShape(shape)
        } wants ${elements(shape)}`,
      );
    }
  }
  for (const node of graph.nodes) {
    if (!Object.hasOwn(ops, node.op)) {
      throw new GraphError(
        `Cannot check graph: node "${node.name}" is of operator "${node.op}", known are ${
          Object.keys(ops).join(", ")
        }`,
      );
    }
    const where = describe(node);
    const inputs = node.inputs.map((name) => {
      const shape = shapes.get(name);
      if (!shape) throw new GraphError(`Cannot run ${where}: input "${name}" is not defined before it`);
      return shape;
    });
    define(node.name, opOf(node.op).infer(node.attrs, inputs, where), "node");
  }
  checkRgba(graph);
  if (graph.outputs.length === 0) {
    throw new GraphError("Cannot check graph: it has no outputs, wanted at least 1");
  }
  for (const name of graph.outputs) {
    if (!shapes.has(name)) throw new GraphError(`Cannot check graph: output "${name}" is not defined`);
  }
  return shapes;
}

/** Names of the inputs that hold RGBA bytes: those that operators of bytes read. */
export function rgbaInputs({ nodes }: Graph): Set<string> {
  return new Set(nodes.filter(({ op }) => opOf(op).readsRgba).map(({ inputs }) => inputs[0]));
}

/** Checks that bytes come from outside, and are never taken for floats. */
function checkRgba(graph: Graph): void {
  const rgba = rgbaInputs(graph);
  for (const node of graph.nodes) {
    node.inputs.forEach((name, i) => {
      const bytes = i === 0 && opOf(node.op).readsRgba;
      if (bytes && !graph.inputs.some((port) => port.name === name)) {
        throw new GraphError(
          `Cannot run ${describe(node)}: "${name}" is no graph input, wanted one of RGBA bytes`,
        );
      }
      if (!bytes && rgba.has(name)) {
        throw new GraphError(`Cannot run ${describe(node)}: input "${name}" holds RGBA bytes, wanted floats`);
      }
    });
  }
}

/** Multiply-adds of one run of a node. */
export function macsOf(node: AnyNode, shapes: ReadonlyMap<string, Shape>): number {
  return opOf(node.op).macs?.(
    node.attrs,
    node.inputs.map((name) => shapes.get(name)!),
    shapes.get(node.name)!,
  ) ?? 0;
}

/** For each value, the nodes that read it. */
export function consumers(graph: Graph): Map<string, AnyNode[]> {
  const readers = new Map<string, AnyNode[]>();
  for (const node of graph.nodes) {
    for (const input of new Set(node.inputs)) {
      const list = readers.get(input);
      if (list) list.push(node);
      else readers.set(input, [node]);
    }
  }
  return readers;
}

/** Runs a graph operator by operator on the references: slow, and right. Gives the outputs by name. */
export function runReference(graph: Graph, inputs: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
  const shapes = check(graph);
  const values = new Map<string, Tensor>(graph.constants);
  for (const { name } of graph.inputs) values.set(name, inputs[name]);
  for (const node of graph.nodes) {
    const shape = shapes.get(node.name)!;
    const data = opOf(node.op).reference(node.attrs, node.inputs.map((name) => values.get(name)!), shape);
    values.set(node.name, { shape, data });
  }
  return Object.fromEntries(graph.outputs.map((name) => [name, values.get(name)!]));
}
