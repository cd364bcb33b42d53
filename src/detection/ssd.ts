/**
 * Raw SSD heads to scored boxes.
 *
 * @module
 */

import type { SsdPostprocessing } from "../graph/model_info.ts";
import { logit, sigmoid } from "./logistic.ts";
import type { Candidate } from "./nms.ts";

/** Box coder of SSD over fixed priors: what one network's heads need to become boxes. */
export interface SsdHeads {
  /** `[priors, 4]`: (ty, tx, th, tw), or (tx, ty, tw, th). */
  readonly boxes: Float32Array;
  /** `[priors, classes]`: logits, background included. */
  readonly scores: Float32Array;
  /** `[priors, 4]`: (ymin, xmin, ymax, xmax). */
  readonly priors: Float32Array;
}

/**
 * Decodes one box: centre = t / scale * size + centre of the prior, size = e^(t / scale) * size of the prior
 * (Liu et al. 2016, "SSD", section 2.2; tensorflow/models: faster_rcnn_box_coder.py).
 *
 * @returns Corners (xmin, ymin, xmax, ymax) as fractions of the picture, not clamped.
 */
export function decodeBox(
  { boxes, priors }: SsdHeads,
  prior: number,
  { scales, order }: Pick<SsdPostprocessing, "scales" | "order">,
): [xmin: number, ymin: number, xmax: number, ymax: number] {
  const at = prior * 4;
  const height = priors[at + 2] - priors[at], width = priors[at + 3] - priors[at + 1];
  const swap = order === "xywh" ? 1 : 0;
  const y = boxes[at + swap] / scales[0] * height + priors[at] + height / 2;
  const x = boxes[at + 1 - swap] / scales[1] * width + priors[at + 1] + width / 2;
  const halfHeight = Math.exp(boxes[at + 2 + swap] / scales[2]) * height / 2;
  const halfWidth = Math.exp(boxes[at + 3 - swap] / scales[3]) * width / 2;
  return [x - halfWidth, y - halfHeight, x + halfWidth, y + halfHeight];
}

/**
 * All (prior, class) pairs that score at least `threshold` among the classes that `wanted` allows. Only their boxes are decoded, and only their
 * logits leave the logarithmic domain.
 */
export function decodeSsd(
  heads: SsdHeads,
  post: SsdPostprocessing,
  threshold: number,
  wanted: (label: number) => boolean,
): Candidate[] {
  const { scores, priors } = heads;
  const count = priors.length / 4, columns = scores.length / count;
  const found: Candidate[] = [];
  const least = post.activation === "sigmoid" ? logit(threshold) : -Infinity;
  for (let prior = 0; prior < count; prior++) {
    const from = prior * columns;
    let total = 1, peak = 0;
    if (post.activation === "softmax") {
      peak = -Infinity;
      for (let c = 0; c < columns; c++) peak = Math.max(peak, scores[from + c]);
      total = 0;
      for (let c = 0; c < columns; c++) total += Math.exp(scores[from + c] - peak);
    }
    let box: Candidate["box"] | undefined;
    for (let c = 0; c < columns; c++) {
      const x = scores[from + c];
      if (!(x >= least) || c === post.background) continue;
      const label = c < post.background ? c : c - 1;
      const score = post.activation === "sigmoid" ? sigmoid(x) : Math.exp(x - peak) / total;
      if (score < threshold || !wanted(label)) continue;
      box ??= decodeBox(heads, prior, post);
      found.push({ label, score, box });
    }
  }
  return post.candidates === undefined ? found : bestOfEach(found, post.candidates);
}

/** The `most` best candidates of each class. */
function bestOfEach(candidates: readonly Candidate[], most: number): Candidate[] {
  const counts = new Map<number, number>();
  return candidates.toSorted((a, b) => b.score - a.score).filter(({ label }) => {
    const count = counts.get(label) ?? 0;
    counts.set(label, count + 1);
    return count < most;
  });
}
