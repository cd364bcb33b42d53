/**
 * One network with one number of threads, in a process of its own, so that memory is that of it alone and no network finds code that another one
 * has warmed: `deno run -A bench/networks/measure.ts MODEL THREADS SECONDS`. Prints JSON.
 *
 * The network is timed as `Session.run` runs it: input tensor in, raw outputs out, both copied. The input is noise: the time of a network does not
 * depend on the picture.
 *
 * @module
 */

import { Session } from "../../mod.ts";
import { check, macsOf } from "../../src/graph/graph.ts";
import { measurePeak } from "../../src/runtime/profile.ts";
import { timed } from "../support/interleave.ts";
import { peakMemory } from "../support/memory.ts";
import type { NetworkData } from "../support/networks.ts";
import { noise } from "../support/noise.ts";
import { sampleFor } from "../support/sample.ts";
import { summarize } from "../support/stats.ts";
import { openGraph } from "./open.ts";

/** Opens and compiles a model; the graph is let go, as a detector lets it go. */
async function load(model: string, threads: number) {
  const opening = performance.now();
  const graph = await openGraph(model, { quiet: true });
  const opened = performance.now();
  // As large as it is: whoever times a network knows which.
  const session = await Session.create(graph, { threads, maxMemory: Infinity });
  const compiled = performance.now();
  const shapes = check(graph);
  const macs = graph.nodes.reduce((sum, node) => sum + macsOf(node, shapes), 0);
  const { name } = graph.info;
  return { session, name, macs, load: { read: opened - opening, compile: compiled - opened } };
}

const [model, threads, seconds] = Deno.args;
const { session, ...network } = await load(model, Number(threads));
await session.start();
const inputs = noise(session.inputs);
const run = timed(() => session.runSync(inputs));
const first = await run();
const steady = summarize(await sampleFor(run, Number(seconds)));
const { info, kernels } = session;

const data: NetworkData = {
  ...network,
  threads: info.threads,
  precision: info.precision,
  simd: info.simd,
  arch: info.arch,
  first,
  steady,
  fps: 1000 / steady.median,
  share: network.macs / steady.median / 1e6 / (measurePeak(kernels) * info.threads),
  memory: {
    ...info.memory,
    process: Deno.build.os === "linux" ? peakMemory(Deno.pid) : Deno.memoryUsage().rss,
  },
};
session.dispose();
console.log(JSON.stringify(data));
