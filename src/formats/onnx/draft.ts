/**
 * The graph being built from an ONNX file, as tensors of ours: nodes, constants, and their names. What they mean in ONNX is the translator's.
 *
 * @module
 */

import { ModelError } from "../../errors.ts";
import { GraphBuilder } from "../../graph/builder.ts";
import type { AnyNode, Graph } from "../../graph/graph.ts";
import type { ModelInfo } from "../../graph/model_info.ts";
import { type AttrsOf, type OpName, opOf } from "../../ops/index.ts";
import { MAX_ELEMENTS } from "../../ops/op.ts";
import { elements, formatShape, type Shape, type Tensor } from "../../tensor.ts";
import { Folder, type Literal } from "./literal.ts";
import type { OnnxNode } from "./model.ts";
import type { Computed } from "./value.ts";

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
export function checkExtents(name: string, shape: Shape): void {
  if (!shape.every((n) => Number.isInteger(n) && n > 0) || !(elements(shape) <= MAX_ELEMENTS)) {
    throw new ModelError(
      `Cannot read ONNX: "${name}" is ${
        formatShape(shape)
      }, wanted positive extents and at most ${MAX_ELEMENTS} values`,
    );
  }
}

/** Nodes and constants over tensors of ours. */
export class Draft {
  /** Arithmetic on known values. */
  readonly fold: Folder;
  readonly #builder = new GraphBuilder();
  readonly #nodes = new Map<string, AnyNode>();
  readonly #constants = new Map<string, Tensor>();
  readonly #constantNames = new Map<Literal, Map<string, string>>();
  readonly #pending = new Map<string, Pending>();
  readonly #names: Set<string>;
  readonly #suffixes = new Map<string, number>();
  /** Shapes of our tensors. */
  readonly #shapes = new Map<string, Shape>();

  /** Builds a graph in which `names` are kept for ONNX's values; folding makes at most `limit` values. */
  constructor(names: Iterable<string>, limit: number) {
    this.#names = new Set(names);
    this.fold = new Folder(limit);
  }

  /** Adds an input. */
  addInput(name: string, shape: Shape): void {
    this.#builder.input(name, shape);
    this.#shapes.set(name, shape);
  }

  /** The shape of a tensor of ours. */
  shapeOf(name: string): Shape {
    return this.#shapes.get(name)!;
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

  /** Adds a node over tensors of ours. It is named as asked, or nearly so where the name is taken. Gives its name and shape. */
  emit<Name extends OpName>(
    op: Name,
    wanted: string,
    attrs: AttrsOf<Name>,
    inputs: readonly string[],
  ): { name: string; shape: Shape } {
    const shape = opOf(op).infer(
      attrs,
      inputs.map((input) => this.shapeOf(input)),
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
    const name = this.#define(wanted, this.shapeOf(x.name));
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
    const [k, n] = this.shapeOf(weight).slice(-2);
    const rows = this.emit("reshape", `${name}:rows`, { shape: [elements(leading), 1, 1, k] }, [x]);
    const product = this.pixelwise(rows.name, `${name}:product`, weight, bias);
    return this.emit("reshape", name, { shape: [...leading, n] }, [product]);
  }

  /** Renames the node of a name, if there is one; gives the name it has now. */
  protected vacate(name: string): string {
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

  /**
   * The finished graph: nodes and constants that the outputs need.
   *
   * @throws {ModelError} If they need an operator that we have none for.
   * @throws {GraphError} If it is not legal.
   */
  protected finish(info: ModelInfo, outputs: readonly string[], nchw: readonly string[]): Graph {
    const live = new Set(outputs);
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
    return this.#builder.build(info, outputs, nchw);
  }
}
