/**
 * Networks of the zoo beside ONNX Runtime, its wasm build and its native one, in one process: `deno task bench:networks [NAME,NAME…]`.
 *
 * The same weights, the same picture; input tensor in, output out. Simdet runs with one thread and with two. All contenders are checked to agree
 * before they are timed; rounds run forwards and backwards in turn, a ratio is that of one round.
 *
 * @module
 */

import { buildModel, sizeOf } from "../models/build.ts";
import { measurePeak } from "../src/runtime/profile.ts";
import { Session } from "../src/runtime/session.ts";
import { onnxruntimeNode, onnxruntimeWeb, versions } from "./peers/onnxruntime.ts";
import { writeOnnx } from "./peers/onnx_file.ts";
import { parseFlags } from "./support/flags.ts";
import { interleave, timed } from "./support/interleave.ts";
import { type NetworkData, type NetworksData, networksTable } from "./support/onnxruntime.ts";
import { noise } from "./support/noise.ts";
import { report, resultOf } from "./support/results.ts";
import { ratios, summarize } from "./support/stats.ts";

const NAMES = "peleenet,csppeleenet,vovnet27-slim,vovnet39,mobilenetv1,mobilenetv2,densenet121,cspresnext50";
const SIZE = 224;

const flags = parseFlags("Networks beside ONNX Runtime: deno task bench:networks [NAME,NAME…]", {
  runs: 21,
  warmup: 8,
});

async function measure(name: string): Promise<NetworkData> {
  const graph = buildModel(name, { inputSize: SIZE });
  using one = await Session.create(graph, { threads: 1 });
  using two = await Session.create(graph, { threads: 2 });
  await two.start();
  const inputs = noise(one.inputs), [{ name: input }] = one.inputs, [{ name: output }] = one.outputs;
  const file = writeOnnx(graph);
  const web = await onnxruntimeWeb(file, input, inputs[input]);
  const native = await onnxruntimeNode(file, input, inputs[input]);

  const wanted = await native();
  const range = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const answers = [one.runSync(inputs)[output].data, two.runSync(inputs)[output].data, await web()];
  for (const answer of answers) {
    const error = answer.reduce((most, value, i) => Math.max(most, Math.abs(value - wanted[i])), 0);
    if (!(error <= 1e-4 * range)) {
      throw new Error(`Cannot compare ${name}: outputs differ by ${error} of ${range}`);
    }
  }

  let peak = 0;
  const contenders = [() => one.runSync(inputs), () => two.runSync(inputs), web, native].map(timed);
  const [single, double, webTimes, nativeTimes] = await interleave([
    () => {
      peak = Math.max(peak, measurePeak(one.kernels));
      return contenders[0]();
    },
    ...contenders.slice(1),
  ], flags);
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

const networks: NetworkData[] = [];
for (const name of (flags.argument ?? NAMES).split(",")) networks.push(await measure(name));

const data: NetworksData = { versions, networks };
await report(
  resultOf("onnxruntime", data),
  networksTable(data),
  flags,
);
