import { assertAlmostEquals, assertEquals } from "@std/assert";
import { type Candidate, iou, nms } from "../../src/detection/nms.ts";

const box = (label: number, score: number, x: number): Candidate => ({
  label,
  score,
  box: [x, 0, x + 10, 10],
});

Deno.test("intersection over union", () => {
  assertAlmostEquals(iou([0, 0, 10, 10], [5, 0, 15, 10]), 1 / 3, 1e-12);
  assertEquals(iou([0, 0, 1, 1], [1, 0, 2, 1]), 0);
  assertEquals(iou([0, 0, 0, 0], [0, 0, 0, 0]), 0);
  assertEquals(iou([0, 0, NaN, 1], [0, 0, 1, 1]), 0);
});

Deno.test("the best of overlapping boxes of a class is kept, and every class of its own", () => {
  const candidates = [box(0, 0.5, 0), box(0, 0.9, 1), box(1, 0.7, 0), box(0, 0.6, 30)];
  assertEquals(nms(candidates, 0.5, false).map((c) => c.score), [0.9, 0.7, 0.6]);
  assertEquals(nms(candidates, 0.5, true).map((c) => c.score), [0.9, 0.6]);
});

Deno.test("boxes that a kept one dropped drop nothing themselves; of equals the first stays", () => {
  // 0-10, 4-14, 8-18: the middle one falls to the first, the last overlaps only the middle one enough.
  const chain = [box(0, 0.9, 0), box(0, 0.8, 4), box(0, 0.7, 8)];
  assertEquals(nms(chain, 0.4, false).map((c) => c.score), [0.9, 0.7]);
  const equal = [box(0, 0.5, 0), box(0, 0.5, 0)];
  assertEquals(nms(equal, 0.5, false), [equal[0]]);
});
