/**
 * Kernels at work: every distinct convolution of a model, each compiled and run as a network of one node, beside the multiply-add peak that
 * the same build reaches on the same machine in the same run: `deno task bench:kernels [MODEL]`.
 *
 * Both are fastest times: of a layer the fastest of benny's samples (each the mean of some 50 ms), of the peak the fastest of many short loops,
 * before and after. Weights are those of the model, inputs are noise. The last column is what the same layer reaches inside the whole network,
 * where its weights and input come from memory rather than from a cache that the last run has filled.
 *
 * @module
 */

import benny from "benny";
import { optimizeLayers } from "../src/compiler/passes/index.ts";
import { openModel } from "../src/cli/model.ts";
import { loadGraph } from "../src/detection/load.ts";
import { GraphBuilder } from "../src/graph/builder.ts";
import { check, type Graph, macsOf, type Node } from "../src/graph/graph.ts";
import { measurePeak } from "../src/runtime/profile.ts";
import { Session } from "../src/runtime/session.ts";
import { formatShape, type Shape } from "../src/tensor.ts";
import { parseFlags } from "./support/flags.ts";
import { type KernelsData, kindsTable, type LayerData, sumKinds } from "./support/kinds.ts";
import { markdownTable, percent } from "./support/markdown.ts";
import { noise } from "./support/noise.ts";
import { report, resultOf } from "./support/results.ts";

const WIDE = "pointwise, 64 channels or more";

function kindOf({ attrs }: Node<"conv2d">, input: Shape, [kh, kw, groupChannels, outputs]: Shape): string {
  if (attrs.groups > 1) return groupChannels === 1 ? `depthwise, stride ${attrs.strides[0]}` : "grouped";
  if (input[3] <= 4) return "first layer";
  if (kh > 1 || kw > 1) return `${kh}x${kw}, stride ${attrs.strides[0]}`;
  return input[3] >= 64 && outputs >= 64 ? WIDE : "pointwise, narrower";
}

/** A network of one node of another; what the node computes with comes along, what it is fed becomes an input. */
function isolate(graph: Graph, node: Node<"conv2d">, shapes: ReadonlyMap<string, Shape>): Graph {
  const builder = new GraphBuilder();
  for (const name of new Set(node.inputs)) {
    const constant = graph.constants.get(name);
    if (constant) builder.constant(name, constant.shape, constant.data);
    else builder.input(name, shapes.get(name)!);
  }
  return builder.build({ name: node.name }, [builder.node(node.op, node.name, node.attrs, node.inputs)]);
}

const flags = parseFlags("Times every distinct convolution: deno task bench:kernels [MODEL]", {
  runs: 10,
  warmup: 20,
});
const graph = optimizeLayers(await loadGraph(await openModel(flags.given[0], { quiet: flags.json })));
const shapes = check(graph);

/** Layers of each distinct shape. */
const groups = Map.groupBy(
  graph.nodes.filter((node) => node.op === "conv2d"),
  (node) =>
    JSON.stringify([node.attrs, node.inputs.map((name) => [graph.constants.has(name), shapes.get(name)])]),
);

using network = await Session.create(graph);
network.runSync(noise(network.inputs));
const inNetwork = new Map(network.profile(flags.runs).map((row) => [row.name, row]));
let peak = measurePeak(network.kernels);

const cases = await Promise.all([...groups.values()].map(async (nodes) => {
  const session = await Session.create(isolate(graph, nodes[0], shapes));
  const inputs = noise(session.inputs);
  for (let i = 0; i <= flags.warmup; i++) session.runSync(inputs);
  return { nodes, session };
}));
const { log } = console;
console.log = console.error; // benny tells what it does on standard output, which belongs to the result
const summary = await benny.suite(
  graph.info.name,
  ...cases.map(({ nodes: [{ name }], session }) => benny.add(name, () => session.execute())),
  benny.configure({ cases: { minSamples: flags.runs, maxTime: 0 } }),
);
console.log = log;
peak = Math.max(peak, measurePeak(network.kernels));

const layers = cases.map(({ nodes, session }, i): LayerData => {
  const [node] = nodes;
  const [input, weight] = node.inputs.map((name) => shapes.get(name)!);
  const macs = macsOf(node, shapes);
  const [{ kernel }] = session.profile(1);
  const ms = summary.results[i].details.min * 1000;
  // A layer that runs as one with its neighbour has no time of its own there.
  const times = nodes.flatMap(({ name }) => inNetwork.get(name) ?? []).filter((row) => row.macs === macs);
  const msInNetwork = times.length > 0 ? times.reduce((sum, row) => sum + row.ms, 0) / times.length : ms;
  const share = (ms: number) => macs / ms / 1e6 / peak;
  session.dispose();
  return {
    name: node.name,
    kind: kindOf(node, input, weight),
    shape: `${weight[0]}x${weight[1]} ${formatShape(input.slice(1))} -> ${
      formatShape(shapes.get(node.name)!.slice(1))
    }${node.inputs.length > 3 ? " + residual" : ""}`,
    kernel,
    layers: nodes.length,
    macs,
    ms,
    msInNetwork,
    share: share(ms),
    shareInNetwork: share(msInNetwork),
  };
});

const kinds = sumKinds(layers, peak);
const data: KernelsData = { model: graph.info.name, simd: network.info.simd, peak, kinds, layers };
const wide = layers.filter(({ kind }) => kind === WIDE);
const goal = 0.85;
const text = [
  markdownTable(
    ["convolution", "kernel", "layers", "MMAC", "GMAC/s", "share of peak", "in the network"],
    layers.toSorted((a, b) => a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : b.macs - a.macs).map((layer) => [
      layer.shape,
      layer.kernel,
      String(layer.layers),
      (layer.macs / 1e6).toFixed(2),
      (layer.macs / layer.ms / 1e6).toFixed(1),
      percent(layer.share),
      percent(layer.shareInNetwork),
    ]),
  ),
  kindsTable(kinds),
  `Peak ${peak.toFixed(1)} GMAC/s (${data.simd}). ${WIDE}: ${
    wide.filter(({ share }) => share >= goal).length
  } of ${wide.length} shapes at ${percent(goal)} of it or more.`,
].join("\n\n");
await report(resultOf("kernels", data), text, flags);
