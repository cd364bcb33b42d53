/**
 * What a pass is: a pure function from graph to graph that logs what it joined, and what it left although it could have.
 *
 * @module
 */

import { type AnyNode, consumers, type Graph, type Node } from "../../graph/graph.ts";
import type { OpName } from "../../ops/index.ts";
import type { Tensor } from "../../tensor.ts";

/** What became of nodes that a pass looked at. */
export type Outcome = "joined" | "left";

/** Receives one line for each decision of a pass, `pass: what`; joined unless told otherwise. */
export type Log = (line: string, outcome?: Outcome) => void;

/** A rewrite that keeps what the graph computes. */
export type Pass = (graph: Graph, log: Log) => Graph;

/**
 * A graph being rewritten node by node, in order. A pass visits each node once and says what stands in its place; earlier nodes are seen as they are by
 * then.
 */
export class Rewrite {
  readonly #graph: Graph;
  readonly #readers: Map<string, AnyNode[]>;
  readonly #nodes = new Map<string, AnyNode>();
  readonly #constants: Map<string, Tensor>;

  /** Starts from a graph. */
  constructor(graph: Graph) {
    this.#graph = graph;
    this.#readers = consumers(graph);
    this.#constants = new Map(graph.constants);
  }

  /** The constant of a name. */
  constant(name: string): Tensor | undefined {
    return this.#constants.get(name);
  }

  /** The name, or one like it, if another value has it. */
  freeName(name: string): string {
    const { inputs, outputs } = this.#graph;
    const taken = new Set([...inputs.map(({ name }) => name), ...outputs]);
    const isTaken = (name: string) =>
      [taken, this.#constants, this.#nodes, this.#readers].some((names) => names.has(name));
    let free = name;
    for (let i = 2; isTaken(free); i++) free = `${name}_${i}`;
    return free;
  }

  /** Adds a constant under a name of its own; returns it. */
  addConstant(name: string, tensor: Tensor): string {
    const free = this.freeName(name);
    this.#constants.set(free, tensor);
    return free;
  }

  /** The node that makes a value, if it is of operator `op`, is read by one node only and does not leave the graph: it may be merged into its reader. */
  mergeable<Name extends OpName>(value: string, op: Name): Node<Name> | undefined {
    const node = this.only(value);
    return node?.op === op ? node as unknown as Node<Name> : undefined;
  }

  /** The node that makes a value, if it is read by one node only and does not leave the graph. */
  only(value: string): AnyNode | undefined {
    const single = this.#readers.get(value)?.length === 1 && !this.#graph.outputs.includes(value);
    return single ? this.#nodes.get(value) : undefined;
  }

  /** Puts a node, after those put before; one of the same name gives way. */
  put(node: AnyNode): void {
    this.#nodes.delete(node.name);
    this.#nodes.set(node.name, node);
  }

  /** Puts another node in the place of the one of its name. */
  replace(node: AnyNode): void {
    this.#nodes.set(node.name, node);
  }

  /** The rewritten graph, without nodes and constants that no output needs. */
  finish(): Graph {
    const nodes = [...this.#nodes.values()];
    const live = new Set(this.#graph.outputs);
    for (const node of nodes.toReversed()) {
      if (live.has(node.name)) node.inputs.forEach((name) => live.add(name));
    }
    const post = this.#graph.info.postprocessing;
    if (post?.kind === "ssd") live.add(post.priors);
    return {
      ...this.#graph,
      nodes: nodes.filter((node) => live.has(node.name)),
      constants: new Map([...this.#constants].filter(([name]) => live.has(name))),
    };
  }
}
