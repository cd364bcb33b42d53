/**
 * The peer: COCO SSDLite-MobileNetV2 on TensorFlow.js' wasm backend, as `@tensorflow-models/coco-ssd` 2.2.3 runs it, on files from disk and
 * without its run to warm up. The backend has one thread in Deno, and its SIMD build.
 *
 * @module
 */

import "@tensorflow/tfjs-backend-wasm";
import { type GraphModel, loadGraphModel } from "@tensorflow/tfjs-converter";
import * as tf from "@tensorflow/tfjs-core";

/** Pixels, RGBA. */
export interface Pixels {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** What is found. */
export interface Found {
  /** Index among the model's 90 columns, which is COCO's id less 1. */
  readonly column: number;
  readonly score: number;
  /** In pixels: x, y, width, height. */
  readonly box: readonly [number, number, number, number];
}

const MAX_DETECTIONS = 20;
const THRESHOLD = 0.5;

/** Loads the model; `modelJson` is the URL of its `model.json`. */
export async function loadCocoSsd(modelJson: URL): Promise<GraphModel> {
  await tf.setBackend("wasm");
  return await loadGraphModel(modelJson.href);
}

/** Pixels to detections. */
export async function detectCocoSsd(model: GraphModel, { data, width, height }: Pixels): Promise<Found[]> {
  const picture = tf.tidy(() => tf.expandDims(tf.browser.fromPixels({ data, width, height })));
  const outputs = await model.executeAsync(picture) as tf.Tensor[];
  const scores = outputs[0].dataSync(), boxes = outputs[1].dataSync();
  const [, count, columns] = outputs[0].shape as [number, number, number];
  tf.dispose([picture, outputs]);

  const best = Array.from({ length: count }, (_, anchor) => {
    let column = 0;
    for (let c = 1; c < columns; c++) {
      if (scores[anchor * columns + c] > scores[anchor * columns + column]) column = c;
    }
    return { column, score: scores[anchor * columns + column] };
  });
  const kept = tf.tidy(() =>
    tf.image.nonMaxSuppression(
      tf.tensor2d(boxes, [count, 4]),
      best.map(({ score }) => score),
      MAX_DETECTIONS,
      THRESHOLD,
      THRESHOLD,
    )
  );
  const anchors = [...kept.dataSync()];
  kept.dispose();
  return anchors.map((anchor) => {
    const [top, left, bottom, right] = boxes.subarray(anchor * 4, anchor * 4 + 4);
    return {
      ...best[anchor],
      box: [left * width, top * height, (right - left) * width, (bottom - top) * height],
    };
  });
}
