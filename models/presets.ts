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

/** What a preset says of a model. */
export interface Preset {
  /** How a photo becomes the input, but for its size. */
  readonly preprocessing: Normalisation;
  /** How the outputs become results; scores of classes where left out. */
  readonly postprocessing?: (outputs: readonly string[]) => Postprocessing;
  /** Classes, where a network has as many. */
  readonly labels?: readonly Label[];
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
};

/**
 * Finds a preset by name.
 *
 * @throws {ModelError} If there is none (`unknown_model`); the nearest name is suggested.
 */
export function findPreset(name: string): Preset {
  if (Object.hasOwn(presets, name)) return presets[name];
  if (Object.hasOwn(networks, name)) return { preprocessing: networks[name].preprocessing };
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
  const { preprocessing, postprocessing = scores(graph), labels } = findPreset(name);
  const [input, ...more] = graph.inputs;
  const [count, height, width, channels] = input?.shape ?? [];
  if (more.length > 0 || input.shape.length !== 4 || count !== 1 || channels !== 3) {
    const found = graph.inputs.map((port) => `"${port.name}" ${port.shape.join("x")}`).join(", ");
    throw new ModelError(
      `Cannot use preset ${name}: the model takes ${found}, wanted one picture of 3 channels`,
    );
  }
  const post = postprocessing(graph.outputs);
  const classes = post.kind === "yolox" ? (check(graph).get(post.output)?.at(-1) ?? 0) - 5 : undefined;
  const info = {
    ...graph.info,
    preprocessing: { input: input.name, width, height, ...preprocessing },
    postprocessing: post,
  };
  return { ...graph, info: labels?.length === classes ? { ...info, labels: info.labels ?? labels } : info };
}

/** Scores of classes: probabilities where the network ends in a softmax, else logits. */
function scores(graph: Graph): (outputs: readonly string[]) => Postprocessing {
  return ([output]) => ({ kind: "softmax", scores: output, logits: !endsInSoftmax(graph, output) });
}

function endsInSoftmax({ nodes }: Graph, output: string): boolean {
  const node = nodes.find(({ name }) => name === output);
  return node?.op === "softmax" ||
    (node?.op === "reshape" && endsInSoftmax({ nodes } as Graph, node.inputs[0]));
}
