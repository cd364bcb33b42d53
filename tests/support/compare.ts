/** Compares sessions of every build with the references. */
import { assert, AssertionError } from "@std/assert";
import { openWays } from "../../bench/support/ways.ts";
import { Session } from "../../mod.ts";
import { compile } from "../../src/compiler/program.ts";
import { GraphBuilder } from "../../src/graph/builder.ts";
import { type Graph, runReference } from "../../src/graph/graph.ts";
import type { Build } from "../../src/runtime/kernels.ts";
import type { Shape, Tensor } from "../../src/tensor.ts";
import type { Random } from "./random.ts";

/** The builds of the kernels; any host runs all. */
export const BUILDS: readonly Build[] = [
  { simd: "relaxed", arch: "x86-64" },
  { simd: "relaxed", arch: "aarch64" },
  { simd: "simd128", arch: "x86-64" },
];

/** Largest difference over largest magnitude of the reference, but not relative to less than 1. */
export function errorOf(actual: ArrayLike<number>, reference: ArrayLike<number>): number {
  if (actual.length !== reference.length) return Infinity;
  let worst = 0, largest = 1;
  for (let i = 0; i < reference.length; i++) {
    const difference = Math.abs(actual[i] - reference[i]);
    if (!(difference <= worst)) worst = difference;
    largest = Math.max(largest, Math.abs(reference[i]));
  }
  return worst / largest;
}

/** A graph of named inputs whose last value leaves. */
export function graphOf(
  inputs: readonly Shape[],
  build: (builder: GraphBuilder, inputs: readonly string[]) => string | readonly string[],
): Graph {
  const builder = new GraphBuilder();
  const outputs = build(builder, inputs.map((shape, i) => builder.input(`x${i}`, shape)));
  return builder.build({ name: "test" }, typeof outputs === "string" ? [outputs] : outputs);
}

/** Random values for a graph's inputs. */
export function inputsFor(graph: Graph, random: Random): Record<string, Tensor> {
  return Object.fromEntries(graph.inputs.map(({ name, shape }) => [name, random.tensor(shape)]));
}

/** Runs a graph on all builds, in every way that its nodes can run, and holds every output against the reference; gives the kernels that were chosen. */
export async function compareBuilds(
  graph: Graph,
  random: Random,
  tolerance = 2e-5,
  label = "",
): Promise<string[]> {
  const inputs = inputsFor(graph, random);
  const reference = runReference(graph, inputs);
  const kernels: string[] = [];
  const hold = (outputs: Readonly<Record<string, Tensor>>, what: string) => {
    for (const name of graph.outputs) {
      const error = errorOf(outputs[name].data, reference[name].data);
      if (!(error <= tolerance)) {
        throw new AssertionError(
          `${label} ${what}: output "${name}" is off by ${error} of its range, at most ${tolerance} is right`,
        );
      }
    }
  };
  for (const build of BUILDS) {
    using session = await Session.create(graph, build);
    hold(await session.run(inputs), JSON.stringify(build));
    const program = compile(graph, { arch: session.info.arch, threads: 1 });
    // A graph of views alone has no kernel to choose.
    const [, ...others] = program.steps.length > 0 ? await openWays(graph, build) : [];
    for (const way of others) {
      way.write(inputs);
      way.run();
      hold(way.read(), `${JSON.stringify(build)}, ${way.kernel}`);
    }
    kernels.push(...program.steps.map((step) => step.kernel));
  }
  assert(graph.outputs.length > 0);
  return kernels;
}
