/**
 * YOLOX's output to scored boxes.
 *
 * @module
 */

import type { YoloxPostprocessing } from "../graph/model_info.ts";
import type { Candidate } from "./nms.ts";

/**
 * All (cell, class) pairs that score at least `threshold` among the classes that `wanted` allows (Megvii-BaseDetection/YOLOX, yolox/utils/demo_utils.py:
 * demo_postprocess); `output` is `[cells, 5 + classes]`.
 */
export function decodeYolox(
  output: Float32Array,
  { strides }: YoloxPostprocessing,
  [inputWidth, inputHeight]: readonly [width: number, height: number],
  threshold: number,
  wanted: (label: number) => boolean,
): Candidate[] {
  const grids = strides.map((stride) => ({
    stride,
    width: Math.floor(inputWidth / stride),
    height: Math.floor(inputHeight / stride),
  }));
  const columns = output.length / grids.reduce((sum, { width, height }) => sum + width * height, 0);
  const found: Candidate[] = [];
  let at = 0;
  for (const { stride, width, height } of grids) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++, at += columns) {
        const object = output[at + 4];
        if (!(object >= threshold)) continue;
        const [centreX, centreY] = [(output[at] + x) * stride, (output[at + 1] + y) * stride];
        const [halfWidth, halfHeight] = [
          Math.exp(output[at + 2]) * stride / 2,
          Math.exp(output[at + 3]) * stride / 2,
        ];
        const box = [
          (centreX - halfWidth) / inputWidth,
          (centreY - halfHeight) / inputHeight,
          (centreX + halfWidth) / inputWidth,
          (centreY + halfHeight) / inputHeight,
        ] as const;
        for (let label = 0; label < columns - 5; label++) {
          const score = object * output[at + 5 + label];
          if (score >= threshold && wanted(label)) found.push({ label, score, box });
        }
      }
    }
  }
  return found;
}
