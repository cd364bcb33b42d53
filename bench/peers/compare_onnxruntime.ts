/**
 * Networks of the zoo beside ONNX Runtime. Input tensor in, output out; Simdet runs with one thread and with two, the peers with one.
 *
 * @module
 */

import { buildModel, sizeOf } from "../../models/build.ts";
import { note } from "../../src/cli/output.ts";
import { measurePeak } from "../../src/runtime/profile.ts";
import { Session } from "../../src/runtime/session.ts";
import { onnxruntimeNode, onnxruntimeWeb, versions } from "./onnxruntime.ts";
import { writeOnnx } from "./onnx_file.ts";
import { agree } from "../support/agree.ts";
import { interleave, type Rounds, timed } from "../support/interleave.ts";
import type { NetworkComparison, OnnxruntimeData } from "../support/onnxruntime.ts";
import { noise } from "../support/noise.ts";
import { ratios, summarize } from "../support/stats.ts";

const SIZE = 224;

async function compareNetwork(name: string, rounds: Rounds): Promise<NetworkComparison> {
  const graph = buildModel(name, { inputSize: SIZE });
  using one = await Session.create(graph, { threads: 1 });
  using two = await Session.create(graph, { threads: 2 });
  await two.start();
  const inputs = noise(one.inputs), [{ name: input }] = one.inputs, [{ name: output }] = one.outputs;
  const file = writeOnnx(graph);
  const web = await onnxruntimeWeb(file, input, inputs[input]);
  const native = await onnxruntimeNode(file, input, inputs[input]);

  const wanted = await native();
  const answers = [one.runSync(inputs)[output].data, two.runSync(inputs)[output].data, await web()];
  for (const answer of answers) agree(name, wanted, answer);

  let peak = 0;
  const contenders = [() => one.runSync(inputs), () => two.runSync(inputs), web, native].map(timed);
  const [single, double, webTimes, nativeTimes] = await interleave([
    () => {
      peak = Math.max(peak, measurePeak(one.kernels));
      return contenders[0]();
    },
    ...contenders.slice(1),
  ], rounds);
  const { macs } = sizeOf(name, { inputSize: SIZE });
  const simdet = summarize(single);
  return {
    name,
    macs,
    simdet,
    share: macs / simdet.median / 1e6 / peak,
    threads: ratios(single, double),
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
