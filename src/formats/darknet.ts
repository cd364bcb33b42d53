/**
 * Reads Darknet networks: a `.cfg` and its `.weights` (pjreddie/darknet; AlexeyAB/darknet, src/parser.c).
 *
 * @module
 */

import type { Pair } from "../geometry.ts";
import { checkInfo } from "../graph/check_info.ts";
import type { Graph } from "../graph/graph.ts";
import type { ModelInfo, Postprocessing, Preprocessing } from "../graph/model_info.ts";
import { parseConfig, type Section } from "./darknet/config.ts";
import { layerReaders, refuseExtras } from "./darknet/layers.ts";
import { Translator } from "./darknet/translator.ts";
import { WeightReader } from "./darknet/weights.ts";

export { isDarknet } from "./darknet/config.ts";

/** What the reader cannot know from the files. */
export interface DarknetOptions {
  /** What the model is called, its labels. */
  readonly info: ModelInfo;
  /** Input height and width in place of the cfg's. */
  readonly inputSize?: Pair;
}

/**
 * How Darknet makes a photo the input. Detectors take it whole on grey, as `darknet detector test` does; AlexeyAB's fork stretches it unless `letter_box` is 1, so a
 * cfg that only this fork can run is treated so. Classifiers take the middle.
 */
function preprocessingOf(net: Section, [height, width]: Pair, t: Translator): Preprocessing {
  const letterbox = net.integer("letter_box", t.forked ? 0 : 1) !== 0;
  return {
    input: "input",
    width,
    height,
    resize: "align_corners",
    fit: t.heads.length === 0 ? "crop" : letterbox ? "letterbox" : "stretch",
    pad: 127.5,
    scale: [1 / 255, 1 / 255, 1 / 255],
    offset: [0, 0, 0],
  };
}

/** What the last layers give: boxes, or the scores of a classifier. */
function postprocessingOf(
  layers: readonly Section[],
  { heads, last }: Translator,
): Postprocessing | undefined {
  if (heads.length > 0) return { kind: "yolo", heads, threshold: 0.5, iou: 0.45, maxDetections: 100 };
  const end = layers.findLast(({ kind }) => kind !== "cost" && kind !== "dropout");
  const vector = last.shape[1] === 1 && last.shape[2] === 1;
  return vector ? { kind: "softmax", scores: last.name, logits: !end?.kind.startsWith("soft") } : undefined;
}

/**
 * Reads a network. It takes `[1, c, h, w]`; its outputs are what goes into its `[yolo]` layers, or its last layer.
 *
 * @throws {ModelError} If a section is unknown or broken, or the weights are not those of the cfg.
 * @throws {GraphError} If layers do not fit together.
 */
export function readDarknet(config: string, weights: Uint8Array, { info, inputSize }: DarknetOptions): Graph {
  const { net, layers } = parseConfig(config);
  const size = inputSize ?? [net.integer("height", 416, 1), net.integer("width", 416, 1)] as const;
  const channels = net.integer("channels", 3, 1);
  const t = new Translator(new WeightReader(weights), size, channels);
  for (const section of layers) {
    if (!Object.hasOwn(layerReaders, section.kind)) {
      section.fail("the section is not supported", Object.keys(layerReaders).join(", "));
    }
    refuseExtras(section);
    t.layers.push(layerReaders[section.kind](section, t));
  }
  const graph = t.finish({
    ...(channels === 3 && { preprocessing: preprocessingOf(net, size, t) }),
    postprocessing: postprocessingOf(layers, t),
    ...info,
  });
  checkInfo(graph);
  return graph;
}
