/**
 * Greedy non-maximum suppression.
 *
 * @module
 */

import type { Session } from "../runtime/session.ts";

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

/** Boxes that the kernel looks at in one call: about a millisecond where it has kept as many as there can be. */
const BOXES_PER_CALL = 256;

/** Bytes of a box, of an index, and of a group of four boxes kept: `asm/nms.ts`. */
const BOX_BYTES = 16, INDEX_BYTES = 4, GROUP_BYTES = 80;

/** Where the kernel works; a `Session` is one. */
export type NmsTarget = Pick<Session, "kernels" | "memory" | "scratch">;

/**
 * Keeps the best candidate, drops those whose intersection over union with it is `threshold` or more, and so on. Boxes are compared in f32; empty
 * ones and those with corners that are not numbers overlap none. Candidates of different classes do not meet unless `agnostic`. Best first; of equal scores
 * the earlier candidate comes first.
 */
export function nms<C extends Candidate>(
  candidates: readonly C[],
  threshold: number,
  agnostic: boolean,
  target: NmsTarget,
): C[] {
  const best = bestFirst(candidates);
  const classes = new Map<number, number[]>();
  best.forEach(({ label }, rank) => {
    const ranks = classes.get(agnostic ? 0 : label);
    if (ranks) ranks.push(rank);
    else classes.set(agnostic ? 0 : label, [rank]);
  });
  const keeps = new Uint8Array(best.length);
  for (const ranks of classes.values()) {
    // Any two boxes overlap by 0 or more.
    if (threshold === 0) ranks.length = 1;
    const boxes = ranks.map((rank) => best[rank].box);
    for (const i of suppress(boxes, threshold, target)) keeps[ranks[i]] = 1;
  }
  return best.filter((_, rank) => keeps[rank] === 1);
}

/** The at most `MAX_CANDIDATES` best ones, best first. */
function bestFirst<C extends Candidate>(candidates: readonly C[]): C[] {
  const surplus = candidates.length - MAX_CANDIDATES;
  let able = candidates;
  if (surplus > 0) {
    // Numbers alone are sorted at a fraction of the time that objects take.
    const scores = new Float64Array(candidates.length);
    candidates.forEach(({ score }, i) => scores[i] = score);
    const least = scores.sort()[surplus];
    able = candidates.filter(({ score }) => !(score < least));
  }
  return able.toSorted((a, b) => b.score - a.score).slice(0, MAX_CANDIDATES);
}

/** Indices of the boxes to keep: all of one class, best first. */
function suppress(boxes: readonly Candidate["box"][], threshold: number, target: NmsTarget): Int32Array {
  const count = boxes.length;
  const start = target.scratch(count * (BOX_BYTES + INDEX_BYTES) + Math.ceil(count / 4) * GROUP_BYTES);
  const indices = start + count * BOX_BYTES, groups = indices + count * INDEX_BYTES;
  const { buffer } = target.memory;
  const corners = new Float32Array(buffer, start, count * 4);
  let at = 0;
  for (const box of boxes) for (let k = 0; k < 4; k++) corners[at++] = box[k];
  let kept = 0;
  for (let first = 0; first < count; first += BOXES_PER_CALL) {
    const end = Math.min(first + BOXES_PER_CALL, count);
    kept = target.kernels.nms(start, first, end, groups, indices, kept, threshold);
  }
  return new Int32Array(buffer, indices, kept);
}
