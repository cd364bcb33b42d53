/**
 * Heads of YOLOv3 (Redmon and Farhadi 2018, arXiv 1804.02767, section 2.1): what is predicted at a map, and how it becomes boxes.
 *
 * @module
 */

import type { YoloPostprocessing } from "../../src/graph/model_info.ts";
import type { NetworkBuilder, Value } from "../layers.ts";

/** Width and height of anchors in pixels of the input. */
export type Anchors = readonly (readonly [width: number, height: number])[];

/** The last convolution of a scale: (tx, ty, tw, th, objectness, classes) for each anchor. */
export function yoloHead(
  net: NetworkBuilder,
  x: Value,
  key: string,
  anchors: Anchors,
  classes: number,
): Value {
  return net.conv(x, key, anchors.length * (5 + classes), { bias: true });
}

/** How the outputs of {@linkcode yoloHead} become boxes; anchors of each output. */
export function yoloPostprocessing(
  outputs: readonly Value[],
  anchors: readonly Anchors[],
): YoloPostprocessing {
  return {
    kind: "yolo",
    heads: outputs.map(({ name }, i) => ({ output: name, anchors: anchors[i], scaleXY: 1 })),
    threshold: 0.25,
    iou: 0.45,
    maxDetections: 100,
  };
}
