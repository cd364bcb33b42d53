/**
 * Pre- and postprocessing by name, for model files that do not tell theirs.
 *
 * @module
 */

import { ModelError } from "../src/errors.ts";
import { check, type Graph } from "../src/graph/graph.ts";
import type { Label, Postprocessing } from "../src/graph/model_info.ts";
import { nearest } from "../src/nearest.ts";
import { COCO_LABELS } from "./coco.ts";
import { IMAGENET, INCEPTION, type Normalisation, UNIT } from "./network.ts";
import { networks } from "./networks.ts";
import { VOC_LABELS } from "./voc.ts";

/** What a preset says of a model. */
export interface Preset {
  /** How a photo becomes the input, but for its size. */
  readonly preprocessing: Normalisation;
  /** How the outputs become results; where left out as the file says, else scores of classes. */
  readonly postprocessing?: (outputs: readonly string[]) => Postprocessing;
  /** Classes, where a network has as many. */
  readonly labels?: readonly (Label | null)[];
}

/** Presets by name; a network of the zoo has one under its own name. */
export const presets: Readonly<Record<string, Preset>> = {
  imagenet: { preprocessing: IMAGENET },
  inception: { preprocessing: INCEPTION },
  unit: { preprocessing: UNIT },
  // Megvii-BaseDetection/YOLOX, demo/ONNXRuntime: BGR as it is, letterboxed on grey.
  yolox: {
    preprocessing: {
      resize: "opencv",
      fit: "letterbox_top_left",
      pad: 114,
      channels: "bgr",
      scale: [1, 1, 1],
      offset: [0, 0, 0],
    },
    postprocessing: ([output]) => ({
      kind: "yolox",
      output,
      strides: [8, 16, 32],
      threshold: 0.5,
      iou: 0.45,
      maxDetections: 100,
    }),
    labels: COCO_LABELS,
  },
  // Robert-JunWang/Pelee, model/voc/test_merged.prototxt, and chuanqi305/MobileNet-SSD, voc/MobileNetSSD_test.prototxt.
  pelee: { preprocessing: caffe([103.94, 116.78, 123.68], 0.017), labels: VOC_LABELS },
  "mobilenet-ssd": { preprocessing: caffe([127.5, 127.5, 127.5], 0.007843), labels: VOC_LABELS },
  // pjreddie/darknet, `detector test`, and AlexeyAB/darknet, which stretches.
  darknet: { preprocessing: darknet("letterbox") },
  "darknet-stretch": { preprocessing: darknet("stretch") },
};

/** Caffe's `transform_param`: BGR, (x - mean) * scale. */
function caffe([b, g, r]: readonly [number, number, number], scale: number): Normalisation {
  return {
    resize: "opencv",
    channels: "bgr",
    scale: [scale, scale, scale],
    offset: [-b * scale, -g * scale, -r * scale],
  };
}

function darknet(fit: "letterbox" | "stretch"): Normalisation {
  const scale = 1 / 255;
  return { resize: "align_corners", fit, pad: 127.5, scale: [scale, scale, scale], offset: [0, 0, 0] };
}

/**
 * Finds a preset by name.
 *
 * @throws {ModelError} If there is none (`unknown_model`); the nearest name is suggested.
 */
export function findPreset(name: string): Preset {
  if (Object.hasOwn(presets, name)) return presets[name];
  if (Object.hasOwn(networks, name)) {
    const { preprocessing, labels } = networks[name];
    return { preprocessing, labels };
  }
  const meant = nearest(name, [...Object.keys(presets), ...Object.keys(networks)]);
  const hint = meant
    ? `did you mean ${meant}?`
    : `known are ${Object.keys(presets).join(", ")} and networks' names`;
  throw new ModelError(`Unknown preset ${JSON.stringify(name)}; ${hint}`, "unknown_model");
}

/**
 * A graph with the pre- and postprocessing of a preset in place of its own.
 *
 * @throws {ModelError} If there is no such preset, or the graph does not take one picture of three channels.
 */
export function applyPreset(graph: Graph, name: string): Graph {
  const { preprocessing, postprocessing, labels } = findPreset(name);
  const [input, ...more] = graph.inputs;
  const [count, height, width, channels] = input?.shape ?? [];
  if (more.length > 0 || input.shape.length !== 4 || count !== 1 || channels !== 3) {
    const found = graph.inputs.map((port) => `"${port.name}" ${port.shape.join("x")}`).join(", ");
    throw new ModelError(
      `Cannot use preset ${name}: the model takes ${found}, wanted one picture of 3 channels`,
    );
  }
  const post = postprocessing?.(graph.outputs) ?? graph.info.postprocessing ?? scores(graph);
  const info = {
    ...graph.info,
    preprocessing: { input: input.name, width, height, ...preprocessing },
    postprocessing: post,
  };
  const fits = labels?.length === classesOf(graph, post);
  return { ...graph, info: fits ? { ...info, labels: info.labels ?? labels } : info };
}

/** How many classes the outputs tell apart, without a background. */
function classesOf(graph: Graph, post: Postprocessing): number | undefined {
  const shapes = check(graph), last = (name: string) => shapes.get(name)?.at(-1) ?? 0;
  switch (post.kind) {
    case "yolox":
      return last(post.output) - 5;
    case "yolo":
      return last(post.heads[0].output) / post.heads[0].anchors.length - 5;
    case "ssd":
      return last(post.scores) - 1;
    case "softmax":
      return last(post.scores);
  }
}

/** Scores of classes: probabilities where the network ends in a softmax, else logits. */
function scores(graph: Graph): Postprocessing {
  const [output] = graph.outputs;
  return { kind: "softmax", scores: output, logits: !endsInSoftmax(graph, output) };
}

function endsInSoftmax({ nodes }: Graph, output: string): boolean {
  const node = nodes.find(({ name }) => name === output);
  return node?.op === "softmax" ||
    (node?.op === "reshape" && endsInSoftmax({ nodes } as Graph, node.inputs[0]));
}
