/**
 * Networks of the zoo beside ONNX Runtime. Input tensor in, outputs out; Simdet runs with one thread, with two, and with one beside a copy on another core, the peers with one.
 *
 * @module
 */

import { Session } from "../../mod.ts";
import { note } from "../../src/cli/output.ts";
import { check, macsOf } from "../../src/graph/graph.ts";
import { measurePeak } from "../../src/runtime/profile.ts";
import { Neighbour } from "./neighbour.ts";
import { onnxruntimeNode, onnxruntimeWeb, versions } from "./onnxruntime.ts";
import { writeOnnx } from "./onnx_file.ts";
import { formatShape } from "../../src/tensor.ts";
import { openGraph, splitSize } from "../networks/open.ts";
import { agree } from "../support/agree.ts";
import { interleave, type Rounds, settled } from "../support/interleave.ts";
import type { NetworkComparison, OnnxruntimeData } from "../support/onnxruntime.ts";
import { noise } from "../support/noise.ts";
import { median, ratios, summarize } from "../support/stats.ts";

async function compareNetwork(name: string, rounds: Rounds): Promise<NetworkComparison> {
  const graph = await openGraph(name, { quiet: false });
  using one = await Session.create(graph, { threads: 1 });
  using two = await Session.create(graph, { threads: 2 });
  await two.start();
  using neighbour = await Neighbour.start(name);
  const inputs = noise(one.inputs), [input] = one.inputs;
  const file = writeOnnx(graph);
  const web = await onnxruntimeWeb(file, inputs[input.name]);
  const native = await onnxruntimeNode(file, inputs[input.name]);

  const wanted = await native();
  const ours = (session: Session) => Object.values(session.runSync(inputs)).map(({ data }) => data);
  for (const answer of [ours(one), ours(two), await web()]) {
    wanted.forEach((output, i) => agree(`${name}, output ${i},`, output, answer[i]));
  }

  const peaks: number[] = [], copies: number[] = [], handovers: number[] = [];
  const contenders = [() => one.runSync(inputs), () => two.runSync(inputs), web, native].map(settled);
  const [single, double, webTimes, nativeTimes, beside] = await interleave([
    () => {
      peaks.push(measurePeak(one.kernels));
      return contenders[0]();
    },
    ...contenders.slice(1),
    async () => {
      handovers.push(neighbour.handover());
      const [own, copy] = await neighbour.beside(contenders[0]);
      copies.push(copy);
      return own;
    },
  ], rounds);
  const shapes = check(graph);
  const macs = graph.nodes.reduce((sum, node) => sum + macsOf(node, shapes), 0);
  const shares = peaks.slice(rounds.warmup).map((peak, round) => macs / single[round] / 1e6 / peak);
  return {
    name: splitSize(name).name,
    input: formatShape(graph.inputs[0].shape.slice(1, 3)),
    macs,
    simdet: summarize(single),
    share: median(shares),
    threads: ratios(single, double),
    cores: {
      copies: summarize(
        single.map((alone, round) => alone / beside[round] + alone / copies[rounds.warmup + round]),
      ),
      handover: summarize(handovers.slice(rounds.warmup)),
    },
    web: ratios(webTimes, single),
    webTwo: ratios(webTimes, double),
    native: ratios(nativeTimes, single),
  };
}

/** Compares networks one after the other. */
export async function compareOnnxruntime(names: readonly string[], rounds: Rounds): Promise<OnnxruntimeData> {
  const networks: NetworkComparison[] = [];
  for (const name of names) {
    note(`${name} beside ONNX Runtime`);
    networks.push(await compareNetwork(name, rounds));
  }
  return { versions, networks };
}
