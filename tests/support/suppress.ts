/** Suppression in plain loops: what `nms` and its kernel are held against. */
import { type Candidate, MAX_CANDIDATES } from "../../src/detection/nms.ts";

/** Intersection over union of two boxes; 0 where either is empty or not a number. */
export function iou(a: Candidate["box"], b: Candidate["box"]): number {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  if (!(width > 0 && height > 0)) return 0;
  const areaA = (a[2] - a[0]) * (a[3] - a[1]), areaB = (b[2] - b[0]) * (b[3] - b[1]);
  const overlap = width * height / (areaA + areaB - width * height);
  return Number.isNaN(overlap) ? 0 : overlap;
}

/** As `nms`. */
export function suppress<C extends Candidate>(
  candidates: readonly C[],
  threshold: number,
  agnostic: boolean,
): C[] {
  const kept: C[] = [];
  for (const candidate of candidates.toSorted((a, b) => b.score - a.score).slice(0, MAX_CANDIDATES)) {
    const rival = kept.some((other) =>
      (agnostic || other.label === candidate.label) && iou(other.box, candidate.box) >= threshold
    );
    if (!rival) kept.push(candidate);
  }
  return kept;
}
