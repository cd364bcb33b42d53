/**
 * Side by side in one process, one thread each: this model on Simdet and on TensorFlow.js' wasm backend, the same weights: `deno task bench:peers [PHOTO]`.
 *
 * What is timed:
 * - network: the normalised picture in, both raw heads out as `Float32Array`s. Ours copies the picture into the session's memory and the heads
 *   out of it; the peer's picture lies in its memory already, its heads are read with `dataSync`.
 * - fused network: the same against our optimised graph on the peer's fused operators (`peers/fused.ts`), which the published model file has not.
 * - photo to boxes: RGBA pixels in, detections out; resize, normalisation, box decoding and suppression included. The peer's part is
 *   `@tensorflow-models/coco-ssd`'s own.
 *
 * All contenders are checked to agree before they are timed. Rounds run A B C, C B A, ...; a ratio is that of one round.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import { openModel } from "../src/cli/model.ts";
import { loadGraph } from "../src/detection/load.ts";
import { Detector } from "../mod.ts";
import { Session } from "../src/runtime/session.ts";
import { decodeImage } from "../src/vision/decode.ts";
import { detectCocoSsd, loadCocoSsd } from "./peers/coco_ssd.ts";
import { cocoSsdFiles } from "./peers/coco_ssd_files.ts";
import { fuse } from "./peers/fused.ts";
import { compare, type Comparisons, medianTable, ratioTable } from "./support/comparison.ts";
import { parseFlags } from "./support/flags.ts";
import { interleave, timed } from "./support/interleave.ts";
import { noise } from "./support/noise.ts";
import { photoPath } from "./support/photo.ts";
import { report, resultOf } from "./support/results.ts";

/** Throws unless two outputs are the same but for rounding. */
function agree(what: string, ours: Float32Array, theirs: Float32Array): void {
  const range = ours.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const error = ours.reduce((most, value, i) => Math.max(most, Math.abs(value - theirs[i])), 0);
  if (ours.length !== theirs.length || !(error <= 1e-4 * range)) {
    throw new Error(`Cannot compare: ${what} differ by ${error}, their range is ${range}`);
  }
}

const flags = parseFlags("Simdet beside TensorFlow.js: deno task bench:peers [PHOTO]", {
  runs: 60,
  warmup: 20,
});

const bytes = await openModel(undefined, { quiet: flags.json });
const graph = await loadGraph(bytes);
using session = await Session.create(graph);
using detector = await Detector.load(bytes);
const model = await loadCocoSsd(await cocoSsdFiles());
const fused = fuse(graph);

const inputs = noise(session.inputs);
const [input] = session.inputs;
const picture = tf.tensor4d(inputs[input.name].data, [...input.shape] as [number, number, number, number]);
const heads = session.outputs.map(({ name }) => name);
const read = (outputs: tf.Tensor[]): Float32Array[] => {
  const values = outputs.map((output) => output.dataSync() as Float32Array);
  tf.dispose(outputs);
  return values;
};
const ours = () => session.runSync(inputs);
const theirs = () => read(model.execute({ [input.name]: picture }, heads) as tf.Tensor[]);
const theirsFused = () => read(fused(picture));

const expected = ours();
theirs().forEach((values, i) => agree(heads[i], expected[heads[i]].data, values));
theirsFused().forEach((values, i) => agree(heads[i], expected[heads[i]].data, values));

const image = await decodeImage(await Deno.readFile(await photoPath(flags.argument)));
const pixels = { ...image, data: new Uint8Array(image.data) };
const detect = () => detector.detectSync(image, { agnosticNms: true });
const detectTheirs = () => detectCocoSsd(model, pixels);
const found = detect().detections.map(({ categoryId }) => categoryId).join();
const foundTheirs = (await detectTheirs()).map(({ column }) => column + 1).join();
if (found !== foundTheirs) {
  throw new Error(`Cannot compare: Simdet finds categories ${found}, TensorFlow.js ${foundTheirs}`);
}

const [network, tfjsNetwork, tfjsFused] = await interleave([ours, theirs, theirsFused].map(timed), flags);
const [boxes, tfjsBoxes] = await interleave([detect, detectTheirs].map(timed), flags);

const data: Comparisons = {
  peer: `tfjs-wasm ${tf.version_core}`,
  comparisons: [
    compare("network", "ms", network, tfjsNetwork),
    compare("photo to boxes", "ms", boxes, tfjsBoxes),
    compare("network, the peer's fused by us", "ms", network, tfjsFused),
  ],
};
await report(resultOf("peers", data), `${ratioTable(data)}\n\n${medianTable(data)}`, flags);
