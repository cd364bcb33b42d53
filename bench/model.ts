/**
 * A whole network, any model: `deno task bench [MODEL]`, a name of the zoo or a model file; `deno task bench --graph-only NAME`, a network of the zoo without its weights.
 *
 * The network alone is timed, as `Session.run` runs it: input tensor in, raw outputs out, both copied. The input is noise: the time of a
 * network does not depend on the picture.
 *
 * @module
 */

import { buildModel } from "../models/build.ts";
import { openModel } from "../src/cli/model.ts";
import { loadGraph } from "../src/detection/load.ts";
import { OptionError } from "../src/errors.ts";
import { check, macsOf } from "../src/graph/graph.ts";
import type { MemorySizes } from "../src/compiler/memory_map.ts";
import { measurePeak } from "../src/runtime/profile.ts";
import { Session } from "../src/runtime/session.ts";
import { parseFlags } from "./support/flags.ts";
import { interleave, timed } from "./support/interleave.ts";
import { markdownTable, percent, times } from "./support/markdown.ts";
import { noise } from "./support/noise.ts";
import { report } from "./support/results.ts";
import { summarize, type Summary } from "./support/stats.ts";

/** What is kept of a run. Times in milliseconds. */
export interface ModelData {
  readonly model: string;
  readonly simd: string;
  /** Multiply-adds of one run. */
  readonly macs: number;
  /** Reading the file, and compiling the graph and packing the weights. */
  readonly load: { readonly read: number; readonly compile: number };
  /** The first run of the process, in code that is not optimised yet. */
  readonly first: number;
  readonly steady: Summary;
  /** Runs a second at the median. */
  readonly fps: number;
  /** Share of the multiply-add peak measured in the same process. */
  readonly share: number;
  /** Bytes: of the session's parts, and of the whole process. */
  readonly memory: MemorySizes & { readonly process: number };
}

const flags = parseFlags(
  "Times a whole network: deno task bench [MODEL]",
  { runs: 100, warmup: 30 },
  { graphOnly: true },
);
if (flags.graphOnly && flags.argument === undefined) {
  throw new OptionError("--graph-only wants the name of a network; --list-models lists them");
}

const opening = performance.now();
const graph = flags.graphOnly
  ? buildModel(flags.argument!)
  : await loadGraph(await openModel(flags.argument, { quiet: flags.json }));
const opened = performance.now();
using session = await Session.create(graph);
const compiled = performance.now();
const inputs = noise(session.inputs);
const run = timed(() => session.runSync(inputs));
const first = await run();
const [samples] = await interleave([run], flags);
const steady = summarize(samples);
const shapes = check(graph);
const macs = graph.nodes.reduce((sum, node) => sum + macsOf(node, shapes), 0);

const data: ModelData = {
  model: graph.info.name,
  simd: session.info.simd,
  macs,
  load: { read: opened - opening, compile: compiled - opened },
  first,
  steady,
  fps: 1000 / steady.median,
  share: macs / steady.median / 1e6 / measurePeak(session.kernels),
  memory: { ...session.info.memory, process: Deno.memoryUsage().rss },
};

const ms = (value: number) => `${value.toFixed(1)} ms`;
const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
const table = markdownTable([data.model, `${data.simd}, 1 thread`], [
  ["run, least", ms(steady.min)],
  ["run, median", ms(steady.median)],
  ["run, 95th percentile", ms(steady.p95)],
  ["runs a second", data.fps.toFixed(1)],
  ["share of multiply-add peak", percent(data.share)],
  ["first run / median", times(first / steady.median)],
  ["read the file", ms(data.load.read)],
  ["compile", ms(data.load.compile)],
  ["packed weights", mib(data.memory.constants)],
  ["activations", mib(data.memory.arena)],
  ["process", mib(data.memory.process)],
]);
await report("model", data, table, flags);
