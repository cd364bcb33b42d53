/**
 * Simdet beside its peers, in one process, with the same weights and the same input: `deno task bench:peers [NAME…]`.
 *
 * Every network runs beside ONNX Runtime, its wasm build and its native one (`peers/compare_onnxruntime.ts`), COCO SSDLite-MobileNetV2 beside
 * TensorFlow.js too, which its weights come from (`peers/compare_tfjs.ts`). All contenders are checked to agree before they are timed; rounds run forwards and backwards in turn,
 * a ratio is that of one round.
 *
 * @module
 */

import { findNetwork } from "../models/build.ts";
import { DEFAULT_MODEL } from "../models/zoo.ts";
import { OptionError } from "../src/errors.ts";
import { splitSize } from "./networks/open.ts";
import { compareOnnxruntime } from "./peers/compare_onnxruntime.ts";
import { compareTfjs } from "./peers/compare_tfjs.ts";
import { runCommand } from "./support/command.ts";
import { medianTable } from "./support/comparison.ts";
import { parseFlags } from "./support/flags.ts";
import { type PeersData, peersTables } from "./support/peers.ts";
import { report, resultOf } from "./support/results.ts";

/** What is compared where nothing is named. */
const NAMES = [
  ...[DEFAULT_MODEL, "pelee-voc"],
  ...["peleenet", "csppeleenet", "vovnet27-slim", "vovnet39"],
  ...["mobilenetv1", "mobilenetv2", "densenet121", "cspresnext50@224"],
];

await runCommand(async () => {
  const usage = `Simdet beside TensorFlow.js and ONNX Runtime: deno task bench:peers [NAME…]

  NAME is ${DEFAULT_MODEL}, which alone TensorFlow.js runs, or a network of the zoo,
  NAME@SIZE for an input of another size than its own`;
  const flags = parseFlags(usage, { runs: 30, warmup: 15 }, { most: Infinity });
  const [given] = flags.given;
  if (flags.save && given !== undefined) {
    throw new OptionError(`--save keeps the comparison of all networks; leave ${given} out`);
  }
  const names = given === undefined ? NAMES : flags.given;
  for (const name of names) if (name !== DEFAULT_MODEL) findNetwork(splitSize(name).name);
  const data: PeersData = {
    ...(names.includes(DEFAULT_MODEL) && { tfjs: await compareTfjs(flags) }),
    onnxruntime: await compareOnnxruntime(names, flags),
  };
  const medians = data.tfjs ? `\n\n${medianTable(data.tfjs)}` : "";
  await report(resultOf("peers", data), peersTables(data) + medians, flags);
});
