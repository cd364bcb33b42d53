/**
 * Raw YOLO heads to scored boxes.
 *
 * @module
 */

import type { YoloPostprocessing } from "../graph/model_info.ts";
import { logit, sigmoid } from "./logistic.ts";
import type { Candidate } from "./nms.ts";

/** A head's map as it lies in memory. */
export interface YoloMap {
  /** `[height, width, anchors * (5 + classes)]`. */
  readonly data: Float32Array;
  readonly height: number;
  readonly width: number;
}

/**
 * All (anchor, class) pairs that score at least `threshold` among the classes that `wanted` allows, from maps in the order of `post.heads`; the score is objectness times
 * class probability (Redmon and Farhadi 2018; AlexeyAB/darknet, src/yolo_layer.c: get_yolo_box, scale_x_y).
 */
export function decodeYolo(
  maps: readonly YoloMap[],
  post: YoloPostprocessing,
  [inputWidth, inputHeight]: readonly [width: number, height: number],
  threshold: number,
  wanted: (label: number) => boolean,
): Candidate[] {
  const found: Candidate[] = [];
  post.heads.forEach(({ anchors, scaleXY, activated = false }, i) => {
    const { data, height, width } = maps[i];
    const columns = data.length / (height * width * anchors.length);
    const shift = (scaleXY - 1) / 2;
    const probability = activated ? (x: number) => x : sigmoid;
    const factor = activated ? (x: number) => 4 * x * x : Math.exp;
    // No class can lift a score above its objectness.
    const least = activated ? threshold : logit(threshold);
    let at = 0;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        for (const [anchorWidth, anchorHeight] of anchors) {
          if (data[at + 4] >= least) {
            const object = probability(data[at + 4]);
            const centreX = (x + probability(data[at]) * scaleXY - shift) / width;
            const centreY = (y + probability(data[at + 1]) * scaleXY - shift) / height;
            const halfWidth = factor(data[at + 2]) * anchorWidth / inputWidth / 2;
            const halfHeight = factor(data[at + 3]) * anchorHeight / inputHeight / 2;
            const box = [
              centreX - halfWidth,
              centreY - halfHeight,
              centreX + halfWidth,
              centreY + halfHeight,
            ] as const;
            for (let label = 0; label < columns - 5; label++) {
              const score = object * probability(data[at + 5 + label]);
              if (score >= threshold && wanted(label)) found.push({ label, score, box });
            }
          }
          at += columns;
        }
      }
    }
  });
  return found;
}
