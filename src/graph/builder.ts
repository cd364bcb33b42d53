/**
 * Builds graphs in code: readers and networks alike.
 *
 * @module
 */

import { GraphError } from "../errors.ts";
import type { AttrsOf, OpName } from "../ops/index.ts";
import { elements, formatShape, type Shape, type Tensor } from "../tensor.ts";
import { type AnyNode, check, type Graph, type Port } from "./graph.ts";
import type { ModelInfo } from "./model_info.ts";

/** Collects inputs, constants and nodes; values are handed around by name. */
export class GraphBuilder {
  readonly #inputs: Port[] = [];
  readonly #nodes: AnyNode[] = [];
  readonly #constants = new Map<string, Tensor>();

  /** Declares a graph input; returns its name. */
  input(name: string, shape: Shape): string {
    this.#inputs.push({ name, shape });
    return name;
  }

  /**
   * Adds a constant; returns its name.
   *
   * @throws {GraphError} If the name is taken, or the data does not fill the shape.
   */
  constant(name: string, shape: Shape, data: Float32Array): string {
    if (this.#constants.has(name)) throw new GraphError(`Cannot add constant "${name}": the name is taken`);
    if (data.length !== elements(shape)) {
      throw new GraphError(
        `Cannot add constant "${name}": ${data.length} values for shape ${formatShape(shape)}`,
      );
    }
    this.#constants.set(name, { shape, data });
    return name;
  }

  /** Adds a node; returns its name, which is that of its output. */
  node<Name extends OpName>(op: Name, name: string, attrs: AttrsOf<Name>, inputs: readonly string[]): string {
    this.#nodes.push({ name, op, attrs, inputs } as unknown as AnyNode);
    return name;
  }

  /**
   * The finished graph; `nchw` names the inputs and outputs that sessions take and give as `[n, c, h, w]`.
   *
   * @throws {GraphError} If it is not legal.
   */
  build(info: ModelInfo, outputs: readonly string[], nchw: readonly string[] = []): Graph {
    const graph: Graph = {
      info,
      inputs: this.#inputs,
      outputs,
      nodes: this.#nodes,
      constants: this.#constants,
      ...(nchw.length > 0 && { nchw }),
    };
    check(graph);
    return graph;
  }
}
