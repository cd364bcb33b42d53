/**
 * Kernels at work: every distinct convolution of a model, or of networks of the zoo, compiled and run as a network of one node in every way that it can
 * run, beside the multiply-add peak that the same build reaches on the same machine in the same run: `deno task bench:kernels [MODEL]`.
 *
 * All are fastest times: of a way, the fastest of many runs, in turn with the layer's other ways; of the peak, the fastest of many short loops, between the
 * models. Weights are those of the model, inputs are noise; they outlive the run, so that every run finds the same values. The last column is
 * what the layers reach inside the whole network, where weights and input come from memory rather than from a cache that the last run has filled.
 *
 * @module
 */

import { buildModel } from "../models/build.ts";
import { DEFAULT_MODEL } from "../models/zoo.ts";
import { optimizeLayers } from "../src/compiler/passes/index.ts";
import type { Graph } from "../src/graph/graph.ts";
import { measurePeak } from "../src/runtime/profile.ts";
import { Session } from "../src/runtime/session.ts";
import { openGraph } from "./networks/open.ts";
import { runCommand } from "./support/command.ts";
import { parseFlags } from "./support/flags.ts";
import {
  type KernelsData,
  kindsTable,
  type LayerData,
  losersTable,
  sumKinds,
  waysTable,
} from "./support/kinds.ts";
import { type Layer, layersOf, WIDE } from "./support/layers.ts";
import { percent } from "./support/markdown.ts";
import { noise } from "./support/noise.ts";
import { report, resultOf } from "./support/results.ts";
import { type Effort, fastestRuns, openWays, type Way } from "./support/ways.ts";

const NETWORKS = [
  "peleenet",
  "csppeleenet",
  "vovnet27-slim",
  "vovnet39",
  "mobilenetv1",
  "mobilenetv2",
  "densenet121",
  "cspresnext50",
];
const SIZE = 224;

/** Milliseconds for each way of a layer, and for a second look where the chosen one seems not to be the fastest. */
const WAY_MS = 50, SECOND_MS = 250;

/** The chosen way is a loser where another one takes less than this share of its time. */
const LOSER = 0.95;

/** Share of the peak that wide pointwise convolutions are to reach. */
const GOAL = 0.85;

/** What is measured of a layer before the peak is known. */
interface Measured extends Layer {
  readonly kernels: readonly string[];
  /** Milliseconds of each way, the chosen one first. */
  readonly ms: readonly number[];
  /** Milliseconds of each of its layers inside their networks. */
  readonly inNetworks: number[];
}

/** Milliseconds of every layer inside its network, the fastest of some runs, by name; those that run as one with a neighbour are missing. */
function timesInNetwork(session: Session, layers: readonly Layer[], runs: number): Map<string, number> {
  const macs = new Map(layers.flatMap((layer) => layer.names.map((name) => [name, layer.macs])));
  const times = new Map<string, number>();
  const inputs = noise(session.inputs);
  for (let run = 0; run < runs; run++) {
    // Activations have taken the inputs' place since the last run.
    session.runSync(inputs);
    for (const { name, macs: found, ms } of session.profile(1)) {
      if (found === macs.get(name)) times.set(name, Math.min(times.get(name) ?? Infinity, ms));
    }
  }
  return times;
}

/** Times a layer's ways; longer where the chosen one seems not to be the fastest. */
function timeWays(ways: readonly Way[], effort: Effort): number[] {
  const first = fastestRuns(ways, effort);
  if (Math.min(...first) >= LOSER * first[0]) return first;
  return fastestRuns(ways, { ...effort, ms: SECOND_MS });
}

await runCommand(async () => {
  const flags = parseFlags(
    "Times every way to run every distinct convolution: deno task bench:kernels [MODEL]",
    {
      runs: 5,
      warmup: 5,
    },
  );
  const open = async (name: string): Promise<Graph> =>
    NETWORKS.includes(name)
      ? buildModel(name, { inputSize: SIZE })
      : await openGraph(name, { quiet: flags.json });
  const measured = new Map<string, Measured>();
  const models: string[] = [];
  let peak = 0, simd = "";
  for (const name of flags.given.length > 0 ? flags.given : [...NETWORKS, DEFAULT_MODEL]) {
    const graph = optimizeLayers(await open(name)), layers = layersOf(graph);
    models.push(graph.info.name);
    using network = await Session.create(graph);
    simd = network.info.simd;
    peak = Math.max(peak, measurePeak(network.kernels));
    const times = timesInNetwork(network, layers, flags.runs);
    for (const layer of layers) {
      const found = layer.names.flatMap((name) => times.get(name) ?? []);
      const known = measured.get(layer.key);
      if (known) {
        measured.set(layer.key, {
          ...known,
          names: [...known.names, ...layer.names],
          inNetworks: [...known.inNetworks, ...found],
        });
        continue;
      }
      const ways = await openWays(layer.graph);
      const inputs = noise(layer.graph.inputs);
      for (const way of ways) way.write(inputs);
      const ms = timeWays(ways, { ...flags, ms: WAY_MS });
      measured.set(layer.key, { ...layer, kernels: ways.map(({ kernel }) => kernel), ms, inNetworks: found });
    }
    peak = Math.max(peak, measurePeak(network.kernels));
  }

  const layers = [...measured.values()].map(
    ({ names, kind, shape, macs, kernels, ms, inNetworks }): LayerData => {
      const share = (ms: number) => macs / ms / 1e6 / peak;
      const msInNetwork = inNetworks.length > 0
        ? inNetworks.reduce((sum, ms) => sum + ms) / inNetworks.length
        : ms[0];
      const ways = kernels.map((kernel, i) => ({ kernel, ms: ms[i], share: share(ms[i]) }));
      return {
        ...{ name: names[0], kind, shape, layers: names.length, macs },
        ...ways[0],
        msInNetwork,
        shareInNetwork: share(msInNetwork),
        ways,
      };
    },
  );
  const kinds = sumKinds(layers, peak);
  const data: KernelsData = { models, simd, peak, kinds, layers };
  const wide = layers.filter(({ kind }) => kind === WIDE);
  const text = [
    waysTable(layers),
    kindsTable(kinds),
    losersTable(layers, LOSER),
    `Peak ${peak.toFixed(1)} GMAC/s (${simd}). ${WIDE}: ${
      wide.filter(({ share }) => share >= GOAL).length
    } of ${wide.length} shapes at ${percent(GOAL)} of it or more.`,
  ].join("\n\n");
  await report(resultOf("kernels", data), text, flags);
});
