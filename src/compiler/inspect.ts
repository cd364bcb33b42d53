/**
 * What the compiler makes of a graph: memory, what was joined, what costs nothing.
 *
 * @module
 */

import { check, type Graph, macsOf } from "../graph/graph.ts";
import type { Host } from "../kernels/emitter.ts";
import { opOf } from "../ops/index.ts";
import { elements } from "../tensor.ts";
import type { Lifetime } from "./arena.ts";
import { layOut } from "./layout.ts";
import { lifetimesOf } from "./lifetimes.ts";
import type { MemorySizes, Step } from "./memory_map.ts";
import { optimize } from "./passes/index.ts";
import type { Outcome } from "./passes/pass.ts";
import { compile } from "./program.ts";
import { joinTwins } from "./twins.ts";

/** Nodes of one operator that are views where memory allows: how many there are, and how many of them copy nothing. */
export interface Views {
  readonly op: string;
  readonly nodes: number;
  readonly free: number;
}

/** How often a pass joined nodes, and how often it left some that it could have joined. */
export interface PassDecisions {
  readonly pass: string;
  readonly joined: number;
  readonly left: number;
}

/** What the compiler made of a graph. Sizes in bytes. */
export interface Inspection {
  /** Multiply-adds of one run, those computed twice at the seams of strips not counted. */
  readonly macs: number;
  /** Bytes of each part of the memory; `arena` holds the activations. */
  readonly sizes: MemorySizes;
  /** The most that is alive at once: no arena can be smaller. */
  readonly live: number;
  /** What activations would take if each had memory of its own. */
  readonly apart: number;
  /** Nodes that have commands. */
  readonly steps: readonly Step[];
  /** Concatenations, slices and reshapes, by operator. */
  readonly views: readonly Views[];
  /** What the passes joined, and what they left, a line each: `pass: what`. */
  readonly log: readonly string[];
  /** How many decisions of each pass that made any are in `log`. */
  readonly passes: readonly PassDecisions[];
}

/** The most bytes that buffers take at any step. */
function largestLiveSet(lifetimes: readonly Lifetime[]): number {
  const steps = new Set(lifetimes.map(({ first }) => first));
  const at = (step: number) =>
    lifetimes.reduce((sum, { bytes, first, last }) => first <= step && step <= last ? sum + bytes : sum, 0);
  return Math.max(0, ...[...steps].map(at));
}

/**
 * Compiles a graph and tells what came of it.
 *
 * @throws {GraphError} If the graph is not legal, or the program does not fit into memory.
 */
export function inspect(source: Graph, host: Host): Inspection {
  check(source);
  const decisions: { line: string; outcome: Outcome }[] = [];
  const graph = optimize(source, (line, outcome = "joined") => decisions.push({ line, outcome }));
  const shapes = check(graph);
  const { steps, sizes } = compile(graph, host);
  steps.forEach(({ op, name, joined }, i) => {
    const line = `join_twins: ${op} "${name}" beside "${steps[i + 1]?.name}"`;
    if (joined) decisions.push({ line, outcome: "joined" });
  });
  const ordered = joinTwins(graph, shapes, host.threads);
  const working = new Set(steps.map(({ name }) => name));
  const isView = ({ op, attrs, inputs, name }: Graph["nodes"][number]) => {
    const alias = opOf(op).alias?.(attrs, inputs.map((input) => shapes.get(input)!), shapes.get(name)!);
    return alias !== undefined && alias.kind !== "output_behind_input";
  };
  const views = Map.groupBy(graph.nodes.filter(isView), ({ op }) => op);
  const values = [...graph.inputs, ...graph.nodes].map(({ name }) => name);
  return {
    macs: graph.nodes.reduce((sum, node) => sum + macsOf(node, shapes), 0),
    sizes,
    live: largestLiveSet(lifetimesOf(ordered, layOut(ordered.graph, shapes, host.threads))),
    apart: values.reduce((sum, name) => sum + elements(shapes.get(name)!) * 4, 0),
    steps,
    views: [...views].map(([op, nodes]) => ({
      op,
      nodes: nodes.length,
      free: nodes.filter(({ name }) => !working.has(name)).length,
    })),
    log: decisions.map(({ line }) => line),
    passes: [...Map.groupBy(decisions, ({ line }) => line.slice(0, line.indexOf(":")))].map(
      ([pass, list]) => {
        const joined = list.filter(({ outcome }) => outcome === "joined").length;
        return { pass, joined, left: list.length - joined };
      },
    ),
  };
}
