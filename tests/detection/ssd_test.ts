import { assertAlmostEquals, assertEquals } from "@std/assert";
import { decodeBox, decodeSsd } from "../../src/detection/ssd.ts";
import type { SsdPostprocessing } from "../../src/graph/model_info.ts";

const post = (activation: "sigmoid" | "softmax"): SsdPostprocessing => ({
  kind: "ssd",
  boxes: "boxes",
  scores: "scores",
  priors: "priors",
  scales: [10, 10, 5, 5],
  activation,
  background: 0,
  threshold: 0.5,
  iou: 0.5,
  maxDetections: 20,
});

Deno.test("the box coder moves and scales a prior", () => {
  const heads = {
    boxes: new Float32Array([1, -2, 5 * Math.log(2), 0]),
    scores: new Float32Array(),
    priors: new Float32Array([0.2, 0.4, 0.6, 0.6]),
  };
  // Centre (x 0.5, y 0.4), size 0.2 x 0.4; y moves by 0.1 * 0.4, x by -0.2 * 0.2, the height doubles.
  const [xmin, ymin, xmax, ymax] = decodeBox(heads, 0, { scales: [10, 10, 5, 5] });
  assertAlmostEquals(xmin, 0.36, 1e-6);
  assertAlmostEquals(xmax, 0.56, 1e-6);
  assertAlmostEquals(ymin, 0.04, 1e-6);
  assertAlmostEquals(ymax, 0.84, 1e-6);
});

Deno.test("scores: sigmoid of each logit, or softmax over all; the background is no class", () => {
  const heads = {
    boxes: new Float32Array(8),
    scores: new Float32Array([9, 2, -1, 0, -3, 1]),
    priors: new Float32Array([0, 0, 1, 1, 0, 0, 1, 1]),
  };
  const sigmoid = decodeSsd(heads, post("sigmoid"), 0.5, () => true);
  assertEquals(sigmoid.map((c) => c.label), [0, 1]);
  assertAlmostEquals(sigmoid[0].score, 1 / (1 + Math.exp(-2)), 1e-12);
  const softmax = decodeSsd(heads, post("softmax"), 0.5, () => true);
  assertEquals(softmax.map((c) => c.label), [1]);
  assertAlmostEquals(softmax[0].score, Math.E / (1 + Math.exp(-3) + Math.E), 1e-12);
  assertEquals(decodeSsd(heads, post("sigmoid"), 0.5, (label) => label === 1).length, 1);
});
