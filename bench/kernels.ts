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

import { Session } from "../mod.ts";
import { buildModel } from "../models/build.ts";
import { DEFAULT_MODEL } from "../models/zoo.ts";
import { optimizeLayers } from "../src/compiler/passes/index.ts";
import type { Graph } from "../src/graph/graph.ts";
import { formatPeaks, measurePeak, type Peaks } from "../src/runtime/profile.ts";
import { openGraph } from "./networks/open.ts";
import { runCommand } from "./support/command.ts";
import { parseFlags } from "./support/flags.ts";
import type { Rounds } from "./support/interleave.ts";
import {
  type KernelsData,
  kindsTable,
  type LayerData,
  losersTable,
  loses,
  sumKinds,
  type WayData,
  waysTable,
} from "./support/kinds.ts";
import { type Layer, layersOf, WIDE } from "./support/layers.ts";
import { percent } from "./support/markdown.ts";
import { noise } from "./support/noise.ts";
import { report, resultOf } from "./support/results.ts";
import { coldRuns, fastestRuns, openWays } from "./support/ways.ts";

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

/** Milliseconds for each way of a layer, and for a second look where the chosen one seems to lose. */
const WAY_MS = 100, SECOND_MS = 300;

/** Share of the peak that wide pointwise convolutions are to reach. */
const GOAL = 0.85;

/** What is measured of a layer before the peak is known. */
interface Measured extends Layer {
  /** The chosen way first. */
  readonly ways: readonly Omit<WayData, "share">[];
  /** Milliseconds of each of its layers inside their networks. */
  readonly inNetworks: readonly number[];
}

/**
 * Milliseconds of every layer inside its network, the fastest of some runs, by name; those that run as one with another are missing, those that normalise their input
 * take that time too.
 */
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

/** Times a layer's ways; where the chosen one seems to lose once more, for longer, and with cold caches. */
async function timeWays({ graph }: Layer, effort: Rounds): Promise<Measured["ways"]> {
  const ways = await openWays(graph);
  const inputs = noise(graph.inputs);
  for (const way of ways) way.write(inputs);
  const time = async (ms: number) => {
    const times = await fastestRuns(ways, { ...effort, ms });
    return ways.map(({ kernel }, i) => ({ kernel, ms: times[i] }));
  };
  const first = await time(WAY_MS);
  if (!loses(first)) return first;
  const cold = coldRuns(ways, inputs);
  return (await time(SECOND_MS)).map((way, i) => ({ ...way, coldMs: cold[i] }));
}

await runCommand(async () => {
  const flags = parseFlags(
    "Times every way to run every distinct convolution: deno task bench:kernels [MODEL]",
    {
      runs: 3,
      warmup: 5,
    },
  );
  const open = async (name: string): Promise<Graph> =>
    NETWORKS.includes(name)
      ? buildModel(name, { inputSize: SIZE })
      : await openGraph(name, { quiet: flags.json });
  const measured = new Map<string, Measured>();
  const models: string[] = [];
  let peaks: Peaks | undefined, simd = "";
  for (const name of flags.given.length > 0 ? flags.given : [...NETWORKS, DEFAULT_MODEL]) {
    const graph = optimizeLayers(await open(name)), layers = layersOf(graph);
    models.push(graph.info.name);
    using network = await Session.create(graph, { maxMemory: Infinity });
    simd = network.info.simd;
    const times = timesInNetwork(network, layers, flags.runs);
    for (const layer of layers) {
      const found = layer.names.flatMap((name) => times.get(name) ?? []);
      const known = measured.get(layer.key);
      measured.set(layer.key, {
        ...layer,
        names: [...known?.names ?? [], ...layer.names],
        ways: known?.ways ?? await timeWays(layer, flags),
        inNetworks: [...known?.inNetworks ?? [], ...found],
      });
    }
    const gmacs = Math.max(peaks?.gmacs ?? 0, network.peaks.gmacs, measurePeak(network.kernels));
    peaks = { ...network.peaks, gmacs };
  }

  const peak = peaks!.gmacs;
  const share = (macs: number, ms: number) => macs / ms / 1e6 / peak;
  const layers = [...measured.values()].map((layer): LayerData => {
    const { names, kind, shape, macs, inNetworks } = layer;
    const ways = layer.ways.map((way) => ({ ...way, share: share(macs, way.ms) }));
    const [chosen] = ways;
    const msInNetwork = inNetworks.length > 0
      ? inNetworks.reduce((sum, ms) => sum + ms) / inNetworks.length
      : chosen.ms;
    return {
      ...chosen,
      ...{ name: names[0], kind, shape, layers: names.length, macs, ways },
      ...{ msInNetwork, shareInNetwork: share(macs, msInNetwork) },
    };
  });
  const kinds = sumKinds(layers, peak);
  const data: KernelsData = { models, simd, peaks: peaks!, kinds, layers };
  const wide = layers.filter(({ kind }) => kind === WIDE);
  const text = [
    waysTable(layers),
    kindsTable(kinds),
    losersTable(layers),
    `Peaks (${simd}): ${formatPeaks(peaks!)}.`,
    `${WIDE}: ${wide.filter(({ share }) => share >= GOAL).length} of ${wide.length} shapes at ${
      percent(GOAL)
    } of it or more.`,
  ].join("\n\n");
  await report(resultOf("kernels", data), text, flags);
});
