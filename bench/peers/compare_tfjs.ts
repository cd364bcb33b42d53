/**
 * COCO SSDLite-MobileNetV2 on Simdet and on TensorFlow.js' wasm backend, one thread each.
 *
 * What is timed:
 * - network: the normalised picture in, both raw heads out as `Float32Array`s. Ours copies the picture into the session's memory and the heads
 *   out of it; the peer's picture lies in its memory already, its heads are read with `dataSync`.
 * - fused network: the same against our optimised graph on the peer's fused operators (`peers/fused.ts`), which the published model file has not.
 * - photo to boxes: RGBA pixels in, detections out; resize, normalisation, box decoding and suppression included. The peer's part is
 *   `@tensorflow-models/coco-ssd`'s own.
 *
 * @module
 */

import * as tf from "@tensorflow/tfjs-core";
import { Detector, readModel, Session } from "../../mod.ts";
import { DEFAULT_MODEL } from "../../models/zoo.ts";
import { ensureModel } from "../../src/cli/weights.ts";
import { decodeImage } from "../../src/vision/decode.ts";
import { detectCocoSsd, loadCocoSsd } from "./coco_ssd.ts";
import { cocoSsdFiles } from "./coco_ssd_files.ts";
import { fuse } from "./fused.ts";
import { agree } from "../support/agree.ts";
import { compare, type Comparisons } from "../support/comparison.ts";
import { interleave, type Rounds, settled } from "../support/interleave.ts";
import { noise } from "../support/noise.ts";
import { photoPath } from "../support/photo.ts";

/** Compares the network, and photo to boxes. */
export async function compareTfjs(rounds: Rounds): Promise<Comparisons> {
  const bytes = await ensureModel(DEFAULT_MODEL, { quiet: false });
  const graph = await readModel(bytes);
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

  const image = await decodeImage(await Deno.readFile(await photoPath(undefined)));
  const pixels = { ...image, data: new Uint8Array(image.data) };
  const detect = () => detector.detectSync(image, { agnosticNms: true });
  const detectTheirs = () => detectCocoSsd(model, pixels);
  const found = detect().detections.map(({ categoryId }) => categoryId).join();
  const foundTheirs = (await detectTheirs()).map(({ column }) => column + 1).join();
  if (found !== foundTheirs) {
    throw new Error(`Cannot compare: Simdet finds categories ${found}, TensorFlow.js ${foundTheirs}`);
  }

  const [network, tfjsNetwork, tfjsFused] = await interleave(
    [ours, theirs, theirsFused].map(settled),
    rounds,
  );
  const [boxes, tfjsBoxes] = await interleave([detect, detectTheirs].map(settled), rounds);

  return {
    peer: `tfjs-wasm ${tf.version_core}`,
    comparisons: [
      compare("network", "ms", network, tfjsNetwork),
      compare("photo to boxes", "ms", boxes, tfjsBoxes),
      compare("network, the peer's fused by us", "ms", network, tfjsFused),
    ],
  };
}
