/** The detector on real weights, held against what TensorFlow.js finds with them. */
import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { DEFAULT_MODEL } from "../../models/zoo.ts";
import { modelPath } from "../../src/cli/weights.ts";
import { Detector } from "../../mod.ts";
import { ImageError, ModelError, OptionError } from "../../src/errors.ts";
import { readModel } from "../../src/detection/read_model.ts";
import { decodeBox } from "../../src/detection/ssd.ts";
import { outputOf } from "../../src/detection/load.ts";
import type { SsdPostprocessing } from "../../src/graph/model_info.ts";
import { run } from "../support/process.ts";
import { iou } from "../support/suppress.ts";
import { cocoSsdBytes } from "../weights.ts";

const FIXTURES = new URL("../fixtures/detections/", import.meta.url);
const SAMPLES = new URL("../../samples/", import.meta.url);

interface Reference {
  readonly width: number;
  readonly height: number;
  readonly detections: readonly {
    category_id: number;
    score: number;
    bbox: [number, number, number, number];
  }[];
}

const references: Record<string, Reference> = JSON.parse(
  await Deno.readTextFile(new URL("coco_ssd_reference.json", FIXTURES)),
);

async function photo(name: string): Promise<Uint8Array> {
  return await Deno.readFile(new URL(name, name.startsWith("coco") ? FIXTURES : SAMPLES));
}

const corners = ([x, y, w, h]: readonly number[]) => [x, y, x + w, y + h] as const;

async function floats(name: string): Promise<Float32Array> {
  return new Float32Array((await Deno.readFile(new URL(name, FIXTURES))).buffer);
}

for (const simd of ["relaxed", "simd128"] as const) {
  for (const name of Object.keys(references)) {
    Deno.test(`${simd}: ${name} has the detections of the reference`, async () => {
      using detector = await Detector.load(await cocoSsdBytes(), { simd });
      const result = await detector.detect(await photo(name), { agnosticNms: true });
      const reference = references[name];
      assertEquals([result.width, result.height], [reference.width, reference.height]);
      assertEquals(
        result.detections.map((d) => d.categoryId),
        reference.detections.map((d) => d.category_id),
      );
      reference.detections.forEach((wanted, i) => {
        const { score, box } = result.detections[i];
        assertAlmostEquals(score, wanted.score, 1e-4);
        assert(iou(corners([box.x, box.y, box.width, box.height]), corners(wanted.bbox)) > 0.995);
      });
    });
  }
}

Deno.test("raw scores and boxes equal the reference's to 5e-5 of their range", async () => {
  using detector = await Detector.load(await cocoSsdBytes());
  await detector.detect(await photo("chelsea.png"));
  const graph = await readModel(await cocoSsdBytes());
  const post = graph.info.postprocessing as SsdPostprocessing;
  const scores = outputOf(detector.session, post.scores);
  const wanted = await floats("chelsea.scores_every_13th.f32");
  let worst = 0;
  wanted.forEach((value, i) => {
    const prior = Math.floor(i / 90) * 13, column = i % 90 + 1;
    worst = Math.max(worst, Math.abs(1 / (1 + Math.exp(-scores[prior * 91 + column])) - value));
  });
  assert(worst < 5e-5, `scores are off by ${worst}`);

  const heads = {
    boxes: outputOf(detector.session, post.boxes),
    scores,
    priors: graph.constants.get(post.priors)!.data,
  };
  const boxes = await floats("chelsea.boxes.f32");
  let off = 0;
  for (let prior = 0; prior < 1917; prior++) {
    const [xmin, ymin, xmax, ymax] = decodeBox(heads, prior, post);
    [ymin, xmin, ymax, xmax].forEach((value, i) =>
      off = Math.max(off, Math.abs(value - boxes[prior * 4 + i]))
    );
  }
  assert(off < 5e-5, `boxes are off by ${off}`);
});

Deno.test("a photo given as bytes, Blob, Response, ImageData and RGB pixels gives the same", async () => {
  using detector = await Detector.load(await cocoSsdBytes());
  const bytes = (await photo("chelsea.png")) as Uint8Array<ArrayBuffer>;
  const { decodeImage } = await import("../../src/vision/decode.ts");
  const image = await decodeImage(bytes);
  const rgb = new Uint8Array(image.width * image.height * 3).map((_, i) =>
    image.data[Math.floor(i / 3) * 4 + i % 3]
  );
  const inputs = [
    bytes,
    bytes.buffer,
    new Blob([bytes]),
    new Response(bytes),
    image,
    { data: rgb, width: image.width, height: image.height, channels: 3 as const },
  ];
  const found = [];
  for (const input of inputs) found.push((await detector.detect(input)).detections);
  for (const detections of found) assertEquals(detections, found[0]);
  assertEquals(found[0][0].label, "cat");
});

Deno.test("options: classes, threshold, most detections; boxes lie within the photo", async () => {
  using detector = await Detector.load(await cocoSsdBytes());
  const bytes = await photo("coco_train_000000000086.png");
  const all = await detector.detect(bytes, { threshold: 0.05 });
  assert(all.detections.length > 3);
  for (const { box } of all.detections) {
    assert(box.x >= 0 && box.y >= 0 && box.x + box.width <= all.width && box.y + box.height <= all.height);
  }
  const people = await detector.detect(bytes, { threshold: 0.05, classes: ["Person"] });
  assertEquals(new Set(people.detections.map((d) => d.classId)), new Set([0]));
  const others = await detector.detect(bytes, { threshold: 0.05, exclude: ["person"] });
  const rest = all.detections.filter((d) => d.classId !== 0);
  assertEquals(others.detections.slice(0, rest.length), rest);
  assert(rest.length > 0 && others.detections.every((d) => d.classId !== 0));
  const one = await detector.detect(bytes, { threshold: 0.05, maxDetections: 1 });
  assertEquals(one.detections, all.detections.slice(0, 1));
  assert(one.truncated > 0);
  await assertRejects(() => detector.detect(bytes, { threshold: 2 }), OptionError);
  await assertRejects(() => detector.detect(bytes, { classes: ["dgo"] }), OptionError, 'did you mean "dog"?');
});

Deno.test("a signal ends detection; a stream looks at every frame, or at the newest", async () => {
  await using detector = await Detector.load(await cocoSsdBytes());
  const names = ["chelsea.png", "coffee.png"];
  const aborted = detector.detect(await photo(names[0]), { signal: AbortSignal.abort(new Error("enough")) });
  await assertRejects(() => aborted, Error, "enough");
  async function* frames() {
    for (const name of names) yield await photo(name);
  }
  for (const drop of ["none", "oldest"] as const) {
    const results = await Array.fromAsync(detector.stream(frames(), { drop, exclude: ["dining table"] }));
    assertEquals(results.at(-1)?.detections.map(({ label }) => label), ["cup"]);
    if (drop === "none") assertEquals(results[0].detections[0].label, "cat");
  }
});

Deno.test("two detectors in one process do not disturb each other", async () => {
  using a = await Detector.load(await cocoSsdBytes());
  using b = await Detector.load(await cocoSsdBytes(), { simd: "simd128" });
  const [cat, cup] = [await photo("chelsea.png"), await photo("coffee.png")];
  const alone = [await a.detect(cat), await b.detect(cup)];
  const together = await Promise.all([a.detect(cat), b.detect(cup), a.detect(cup), b.detect(cat)]);
  assertEquals(together[0].detections, alone[0].detections);
  assertEquals(together[1].detections, alone[1].detections);
  assertEquals(together[2].detections[0].label, "cup");
  assertEquals(together[3].detections[0].label, "cat");
});

Deno.test("1,000 detections do not grow memory", async () => {
  await cocoSsdBytes();
  const { code, stdout, stderr } = await run("tests/detection/memory.ts", [await modelPath(DEFAULT_MODEL)]);
  assertEquals(code, 0, stderr);
  const { wasm, resident } = JSON.parse(stdout);
  assertEquals(wasm, 0);
  assert(resident < 24 * 2 ** 20, `resident memory grew by ${resident} bytes`);
});

Deno.test("broken photos and models earn typed errors", async () => {
  using detector = await Detector.load(await cocoSsdBytes());
  await assertRejects(() => detector.detect(new Uint8Array()), ImageError, "empty");
  await assertRejects(
    () => detector.detect({ data: new Uint8Array(5), width: 2, height: 2 }),
    ImageError,
    "wants 16 bytes",
  );
  for (
    const [input, found] of [
      [null, "it is null"],
      ["photo.jpg", "it is photo.jpg"],
      [new Float32Array(4), "it is Float32Array"],
      [{ data: new Float32Array(16), width: 2, height: 2 }, "its data is Float32Array"],
    ] as const
  ) {
    const photo = input as unknown as Uint8Array;
    await assertRejects(() => detector.detect(photo), ImageError, `Cannot use image: ${found}, wanted`);
  }
  const lying = { data: new Uint8Array(5), width: 2, height: 2 };
  assertThrows(() => detector.detectSync(lying), ImageError, "wants 16 bytes");
  const square = { data: new Uint8Array(16), width: 2, height: 2 };
  for (const classes of ["cat", [null]] as unknown as string[][]) {
    assertThrows(() => detector.detectSync(square, { classes }), OptionError, "classes must be a list");
  }
  const bytes = await cocoSsdBytes();
  await assertRejects(() => Detector.load(bytes.subarray(0, bytes.length / 2)), ModelError, "fetch it again");
  await assertRejects(
    () => Detector.load("ssdlite-mobilenet"),
    ModelError,
    "did you mean ssdlite-mobilenetv2-coco?",
  );
  detector.dispose();
  assertThrows(() => detector.session.memory, OptionError, "dispose");
});
