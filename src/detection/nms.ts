/**
 * Greedy non-maximum suppression.
 *
 * @module
 */

/** A scored box before suppression. */
export interface Candidate {
  /** Index of the class among the model's labels. */
  readonly label: number;
  /** 0 to 1. */
  readonly score: number;
  /** Corners, in any unit. */
  readonly box: readonly [xmin: number, ymin: number, xmax: number, ymax: number];
}

/** Only so many of the best candidates are looked at: SSD itself takes 400 a class (Liu et al. 2016, section 3.7). */
export const MAX_CANDIDATES = 10_000;

/** Intersection over union of two boxes; 0 where either is empty. */
export function iou(a: Candidate["box"], b: Candidate["box"]): number {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  if (!(width > 0 && height > 0)) return 0;
  const areaA = (a[2] - a[0]) * (a[3] - a[1]), areaB = (b[2] - b[0]) * (b[3] - b[1]);
  return width * height / (areaA + areaB - width * height);
}

/**
 * Keeps the best candidate, drops those that overlap it by `threshold` or more, and so on. Candidates of different classes do not meet unless
 * `agnostic`. Best first; of equal scores the earlier candidate comes first.
 */
export function nms<C extends Candidate>(
  candidates: readonly C[],
  threshold: number,
  agnostic: boolean,
): C[] {
  const kept: C[] = [];
  const best = candidates.toSorted((a, b) => b.score - a.score).slice(0, MAX_CANDIDATES);
  for (const candidate of best) {
    const rival = kept.some((other) =>
      (agnostic || other.label === candidate.label) && iou(other.box, candidate.box) >= threshold
    );
    if (!rival) kept.push(candidate);
  }
  return kept;
}
