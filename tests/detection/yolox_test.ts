import { assertAlmostEquals, assertEquals } from "@std/assert";
import { decodeYolox } from "../../src/detection/yolox.ts";
import type { YoloxPostprocessing } from "../../src/graph/model_info.ts";
import { hashedInput } from "../support/hash.ts";

const post: YoloxPostprocessing = {
  kind: "yolox",
  output: "output",
  strides: [8, 16, 32],
  threshold: 0.5,
  iou: 0.45,
  maxDetections: 100,
};

/** What a network for two classes gives on an input of 64x32: 8x4, 4x2 and 2x1 cells. */
const output = hashedInput([1, 42, 7]).data.map((value, i) => i % 7 < 4 ? value : 1 / (1 + Math.exp(-value)));

/** Rows of the authors' demo_postprocess: centre and size in pixels, object times either class. */
const ROWS: Readonly<Record<number, readonly number[]>> = {
  0: [-9.575, -10.0179, 19.6299, 2.5219, 0.3315, 0.2709],
  9: [16.9644, 9.0375, 31.1019, 4.309, 0.5465, 0.5771],
  31: [68.9229, 13.9438, 6.6794, 2.0614, 0.1761, 0.1525],
  32: [-4.3349, -26.1507, 14.7373, 7.3201, 0.1809, 0.32],
  39: [68.7582, 15.1599, 5.689, 18.7818, 0.1879, 0.3015],
  40: [-12.5366, -49.5307, 169.7763, 11.6703, 0.5765, 0.6389],
  41: [5.2423, 43.694, 93.9559, 104.4971, 0.2372, 0.2847],
};

Deno.test("boxes and scores of every stride are the authors'", () => {
  const found = decodeYolox(output, post, [64, 32], 0, () => true);
  assertEquals(found.length, 84);
  for (const [cell, [x, y, width, height, ...scores]] of Object.entries(ROWS)) {
    scores.forEach((wanted, label) => {
      const { score, box, ...rest } = found[Number(cell) * 2 + label];
      assertEquals(rest.label, label);
      assertAlmostEquals(score, wanted, 1e-4);
      const corners = [x - width / 2, y - height / 2, x + width / 2, y + height / 2];
      corners.forEach((corner, side) => assertAlmostEquals(box[side] * (side % 2 ? 32 : 64), corner, 2e-4));
    });
  }
});

Deno.test("only wanted classes from the threshold on are found", () => {
  const found = decodeYolox(output, post, [64, 32], 0.5, (label) => label === 1);
  assertEquals(found.every(({ label, score }) => label === 1 && score >= 0.5), true);
  const all = decodeYolox(output, post, [64, 32], 0, () => true);
  assertEquals(found.length, all.filter(({ label, score }) => label === 1 && score >= 0.5).length);
  assertEquals(found.length > 0, true);
});
