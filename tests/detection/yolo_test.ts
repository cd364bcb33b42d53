import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { decodeYolo } from "../../src/detection/yolo.ts";
import { parseSafetensors } from "../../src/formats/safetensors.ts";
import type { YoloPostprocessing } from "../../src/graph/model_info.ts";
import { fixture } from "../support/fixtures.ts";

function postprocessing(head: Partial<YoloPostprocessing["heads"][number]>): YoloPostprocessing {
  return {
    kind: "yolo",
    heads: [{ output: "head", anchors: [[20, 10]], scaleXY: 1, ...head }],
    threshold: 0.5,
    iou: 0.45,
    maxDetections: 100,
  };
}

const any = () => true;

Deno.test("every box of a head is Darknet's", async () => {
  const { tensors } = parseSafetensors(await fixture("darknet/tiny.safetensors"));
  const { data: raw } = tensors.get("layer11_rawhead")!,
    rows = tensors.get("layer11_yolo_unthresholded")!.data;
  // From [21, 8, 8] to [8, 8, 21].
  const data = Float32Array.from(raw, (_, i) => raw[i % 21 * 64 + Math.floor(i / 21)]);
  const post = postprocessing({ anchors: [[81, 82], [135, 169], [344, 319]], scaleXY: 1.05 });
  const found = decodeYolo([{ data, height: 8, width: 8 }], post, [64, 64], 0, any);
  // Columns: x, y, width, height, objectness, then objectness times each of two classes.
  assertEquals(found.length, rows.length / 7 * 2);
  found.forEach(({ label, score, box }, i) => {
    const row = rows.subarray((i >> 1) * 7, (i >> 1) * 7 + 7);
    assertEquals(label, i & 1);
    assertAlmostEquals(score, row[5 + label], 5e-6);
    const [x, y, w, h] = row, corners = [x - w / 2, y - h / 2, x + w / 2, y + h / 2];
    corners.forEach((value, k) => assert(Math.abs(value - box[k]) < 5e-5 * Math.max(1, Math.abs(value))));
  });
});

Deno.test("scores of exactly the threshold count, classes that nobody wants do not", () => {
  // sigmoid(0) = 0.5.
  const maps = [{ data: Float32Array.of(0, 0, 0, 0, 50, 0, -1, 50), height: 1, width: 1 }];
  const labels = (threshold: number, wanted: (label: number) => boolean) =>
    decodeYolo(maps, postprocessing({}), [100, 50], threshold, wanted).map(({ label }) => label);
  assertEquals(labels(0.5, any), [0, 2]);
  assertEquals(labels(0.500001, any), [2]);
  assertEquals(labels(0.5, (label) => label < 2), [0]);
  assertEquals(labels(0, any), [0, 1, 2]);
  const doubtful = [{ ...maps[0], data: Float32Array.of(0, 0, 0, 0, 0, 50) }];
  assertEquals(decodeYolo(doubtful, postprocessing({}), [100, 50], 0.5, any).length, 1);
  assertEquals(decodeYolo(doubtful, postprocessing({}), [100, 50], 0.51, any).length, 0);
});

Deno.test("a box in the middle of its cell has the size of its anchor", () => {
  const data = new Float32Array(2 * 2 * 6).fill(-50);
  data.set([0, 0, 0, 0, 50, 50], 2 * 6);
  const [{ box }] = decodeYolo([{ data, height: 2, width: 2 }], postprocessing({}), [100, 50], 0.5, any);
  assertEquals(box.map((v) => Math.fround(v)), [0.15, 0.65, 0.35, 0.85].map(Math.fround));
});

Deno.test("heads that end in sigmoids: new_coords", () => {
  const maps = [{ data: Float32Array.of(0.5, 0.5, 0.5, 1, 0.8, 0.75, 0.5), height: 1, width: 1 }];
  const post = postprocessing({ activated: true, scaleXY: 2 });
  const found = decodeYolo(maps, post, [100, 50], 0.5, any);
  assertEquals(found.map(({ label }) => label), [0]);
  assertAlmostEquals(found[0].score, 0.6, 1e-6);
  // Twice the half is the anchor's width, twice the whole four times its height.
  assertEquals(found[0].box.map((v) => Math.fround(v)), [0.4, 0.1, 0.6, 0.9].map(Math.fround));
});
