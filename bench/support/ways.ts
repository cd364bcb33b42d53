/**
 * A graph compiled in each of the ways in which its nodes can run: the compiler's choice first, then the others.
 *
 * @module
 */

import benny from "benny";
import type { Program } from "../../src/compiler/memory_map.ts";
import { compile } from "../../src/compiler/program.ts";
import type { Graph } from "../../src/graph/graph.ts";
import type { Choose } from "../../src/ops/op.ts";
import { type Build, chooseBuild, instantiate, kernelModule } from "../../src/runtime/kernels.ts";
import { allocateMemory } from "../../src/runtime/memory.ts";
import { outputShape, readPort, writePort } from "../../src/runtime/port.ts";
import type { Tensor } from "../../src/tensor.ts";
import type { Rounds } from "./interleave.ts";
import { median } from "./stats.ts";

/** A graph compiled in one way, over a memory of its own, for one thread. */
export interface Way {
  /** Kernel of the last node; where that takes several commands, how many. */
  readonly kernel: string;
  /** Puts inputs in place. */
  write(inputs: Readonly<Record<string, Tensor>>): void;
  /** Runs the graph on what lies in the inputs' places. */
  run(): void;
  /** Copies of the outputs. */
  read(): Record<string, Tensor>;
}

/** Kernel of the last node of a program that lies in memory. A command's second word is its length in words. */
function kernelOf({ steps }: Program, memory: WebAssembly.Memory): string {
  const { begin, end, kernel } = steps.at(-1)!;
  const words = new Int32Array(memory.buffer);
  let count = 0;
  for (let at = begin; at < end; at += words[at / 4 + 1] * 4) count++;
  return count > 1 ? `${count} x ${kernel}` : kernel;
}

async function openWay(graph: Graph, build: Build, choose: Choose): Promise<Way> {
  const program = compile(graph, { arch: build.arch, threads: 1 }, undefined, choose);
  const memory = allocateMemory(program.sizes.total, { maxMemory: Infinity });
  await program.write(memory.buffer);
  const kernels = await instantiate(await kernelModule(build), memory);
  const { begin, end } = program.commands;
  return {
    kernel: kernelOf(program, memory),
    write: (inputs) =>
      program.inputs.forEach((port) => writePort(port, memory.buffer, inputs[port.name].data)),
    run: () => kernels.run(begin, end),
    read: () =>
      Object.fromEntries(program.outputs.map((port) => [
        port.name,
        { shape: outputShape(port), data: readPort(port, memory.buffer) },
      ])),
  };
}

/** Compiles a graph, of more than views, in every way; a node that has fewer ways than another is then run in its first. */
export async function openWays(graph: Graph, build: Build = chooseBuild()): Promise<Way[]> {
  let most = 1;
  const first = await openWay(graph, build, (ways) => {
    most = Math.max(most, ways.length);
    return ways[0];
  });
  const others = Array.from({ length: most - 1 }, (_, i) => i + 1);
  return [
    first,
    ...await Promise.all(others.map((i) => openWay(graph, build, (ways) => ways[i] ?? ways[0]))),
  ];
}

/** Shortest time that is measured at once, in seconds; shorter runs are repeated. */
const LEAST_SECONDS = 1e-3;

/** Rounds in which the ways take turns, forwards and backwards. */
const ROUNDS = 2;

/** How long to measure. */
export interface Effort extends Rounds {
  /** Milliseconds for each way, where `runs` samples a round take less. */
  readonly ms: number;
}

/** Milliseconds of the fastest of each way's samples. A way's runs follow one another, so that they find in the caches what they left. */
export async function fastestRuns(ways: readonly Way[], { runs, warmup, ms }: Effort): Promise<number[]> {
  for (const { run } of ways) for (let i = 0; i < warmup; i++) run();
  const best = ways.map(() => Infinity);
  const cases = { minTime: LEAST_SECONDS, minSamples: runs, maxTime: ms / 1e3 / ROUNDS };
  for (let round = 0; round < ROUNDS; round++) {
    const order = [...ways.keys()];
    if (round % 2 !== 0) order.reverse();
    const { results } = await quietly(() =>
      benny.suite("ways", ...order.map((i) => benny.add(`${i}`, ways[i].run)), benny.configure({ cases }))
    );
    for (const { name, details } of results) best[+name] = Math.min(best[+name], details.min * 1e3);
  }
  return best;
}

/** Keeps what benny tells of its work from standard output, which belongs to results. */
async function quietly<T>(work: () => Promise<T>): Promise<T> {
  const { log } = console;
  console.log = () => {};
  try {
    return await work();
  } finally {
    console.log = log;
  }
}

/** Bytes that are copied to leave nothing of a run in the caches, and how often a run is measured behind that. */
const COLD_BYTES = 2 ** 26, COLD_RUNS = 9;

/** Milliseconds of each way, the median of runs that find nothing but their inputs in the caches: inside a network weights come from memory. */
export function coldRuns(ways: readonly Way[], inputs: Readonly<Record<string, Tensor>>): number[] {
  const from = new Uint8Array(COLD_BYTES).fill(1), to = new Uint8Array(COLD_BYTES);
  const times = ways.map((): number[] => []);
  for (let round = 0; round < COLD_RUNS; round++) {
    ways.forEach((way, i) => {
      to.set(from);
      way.write(inputs);
      const start = performance.now();
      way.run();
      times[i].push(performance.now() - start);
    });
  }
  return times.map(median);
}
