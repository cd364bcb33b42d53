/**
 * The work of `info.ts`: what the compiler makes of a model, without running it.
 *
 * @module
 */

import { format } from "@std/fmt/bytes";
import { buildModel } from "../../models/build.ts";
import { networks } from "../../models/networks.ts";
import { ZOO } from "../../models/zoo.ts";
import { inspect, type Inspection } from "../compiler/inspect.ts";
import { loadGraph, takingBytes } from "../detection/load.ts";
import { OptionError } from "../errors.ts";
import { check, type Graph } from "../graph/graph.ts";
import type { Host } from "../kernels/emitter.ts";
import { chooseBuild } from "../runtime/kernels.ts";
import { formatShape } from "../tensor.ts";
import type { InfoArguments } from "./info_args.ts";
import { isModelFile, openModel } from "./model.ts";
import { oneLine, print } from "./output.ts";
import { table } from "./table.ts";
import type { Outcome } from "./verb.ts";

/**
 * Prints memory and decisions of the compiler for a model.
 *
 * @throws {SimdetError} If there is no such model, or it cannot be read.
 */
export async function info(args: InfoArguments): Promise<Outcome> {
  const graph = await graphOf(args);
  const { arch } = chooseBuild(undefined, args.arch);
  const host = { arch, threads: args.threads };
  const inspection = inspect(await takingBytes(graph), host);
  print(describe(graph, inspection, host));
  if (args.log) {
    const choices = inspection.steps.map(({ kernel, name, reason }) => `${kernel}: "${name}", ${reason}`);
    print(`\n${[...inspection.log, ...choices].map(oneLine).join("\n")}\n`);
  }
  return { failed: 0, missing: [] };
}

/** Networks of the zoo are built without their weights. */
async function graphOf({ model, modelFlags }: InfoArguments): Promise<Graph> {
  if (isModelFile(model) || (!Object.hasOwn(networks, model) && ZOO.some(({ name }) => name === model))) {
    return await loadGraph(await openModel(model, { quiet: true, flags: modelFlags }));
  }
  const { size, ...others } = modelFlags;
  const idle = Object.entries(others).find(([, value]) => value !== undefined);
  if (idle) {
    throw new OptionError(`--${idle[0]} goes with a file; ${model} is a name, and looked at without weights`);
  }
  return buildModel(model, { inputSize: size });
}

/** Sums steps up by kernel, those with the most multiply-adds first. */
function kernels({ steps, macs }: Inspection): string {
  const rows = [...Map.groupBy(steps, ({ kernel }) => kernel)]
    .map(([kernel, list]) => ({ kernel, list, macs: list.reduce((sum, step) => sum + step.macs, 0) }))
    .sort((a, b) => b.macs - a.macs || b.list.length - a.list.length)
    .map(({ kernel, list, macs: part }) => [
      `  ${kernel}`,
      String(list.length),
      part > 0 ? (part / 1e6).toFixed(1) : "-",
      part > 0 ? `${(part / macs * 100).toFixed(0)} %` : "-",
    ]);
  return table([["Kernels", "layers", "MMAC", "share"], ...rows], new Set([1, 2, 3]));
}

function describe(graph: Graph, inspection: Inspection, { arch, threads }: Host): string {
  const { sizes, live, apart, views, passes, macs, steps } = inspection;
  const shapes = check(graph);
  const shapesOf = (names: readonly string[]) =>
    names.map((name) => formatShape(shapes.get(name)!)).join(", ");
  const parameters = [...graph.constants.values()].reduce((sum, { data }) => sum + data.length, 0);
  const times = (bytes: number) => `${(sizes.arena / bytes).toFixed(2)}x`;
  const memory = [
    ["  activations", format(sizes.arena), "one arena, reused"],
    ["    most alive at once", format(live), `the arena is ${times(live)} of it`],
    ["    each tensor apart", format(apart), `the arena is ${times(apart)} of it`],
    ["  weights", format(sizes.constants), "packed"],
    ["  workspace", format(sizes.workspace), `${threads} thread${threads > 1 ? "s" : ""}`],
    ["  commands", format(sizes.commands), `${steps.length} layers`],
    ["  all", format(sizes.total), ""],
  ];
  const joined = passes.map(({ pass, joined, left }) => [
    `  ${pass}`,
    String(joined),
    left > 0 ? `joined, ${left} left` : "joined",
  ]);
  const free = views.map(({ op, nodes, free }) => [`  ${op}`, String(nodes), `${free} without a copy`]);
  return [
    `${oneLine(graph.info.name)}: ${shapesOf(graph.inputs.map(({ name }) => name))} -> ${
      shapesOf(graph.outputs)
    }, ` +
    `${(macs / 1e6).toFixed(1)} M multiply-adds, ${(parameters / 1e6).toFixed(2)} M constants\n`,
    table([[`Memory on ${arch}`, "", ""], ...memory], new Set([1])),
    table([["Graph", "", ""], ...joined, ...free], new Set([1])),
    kernels(inspection),
  ].join("\n");
}
