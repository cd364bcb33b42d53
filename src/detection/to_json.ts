/**
 * The one JSON form of a result, for the command line and the server.
 *
 * @module
 */

import type { Detection, DetectResult, Speed } from "./types.ts";

/** A result as JSON shows it. */
export interface DetectResultJson {
  readonly width: number;
  readonly height: number;
  readonly model: string;
  readonly detections: readonly Detection[];
  readonly speed: Speed;
}

/** Rounds a result to what its numbers are worth: pixels to 0.01, scores to 0.0001, milliseconds to 0.1. */
export function toJson({ width, height, model, detections, speed }: DetectResult): DetectResultJson {
  return {
    width,
    height,
    model,
    detections: detections.map(({ label, classId, categoryId, score, box }) => ({
      label,
      classId,
      categoryId,
      score: round(score, 4),
      box: {
        x: round(box.x, 2),
        y: round(box.y, 2),
        width: round(box.width, 2),
        height: round(box.height, 2),
      },
    })),
    speed: roundSpeed(speed),
  };
}

/** Times to 0.1 ms. */
export function roundSpeed({ decode, preprocess, inference, postprocess }: Speed): Speed {
  return {
    decode: round(decode, 1),
    preprocess: round(preprocess, 1),
    inference: round(inference, 1),
    postprocess: round(postprocess, 1),
  };
}

/** Rounds half up to a number of decimals. */
export function round(value: number, decimals: number): number {
  const factor = 10 ** decimals;
  return Math.round(value * factor) / factor;
}
