import { assertEquals } from "@std/assert";
import { type Format, FORMATS } from "../../../src/cli/photo_args.ts";
import { classes } from "../../../src/cli/reports/classes.ts";
import { createReport } from "../../../src/cli/reports/create_report.ts";
import { detections } from "../../../src/cli/reports/detections.ts";
import type { Photo } from "../../../src/cli/reports/report.ts";
import type { ClassifyResult } from "../../../src/detection/classifier.ts";
import type { DetectResult } from "../../../src/detection/types.ts";

const DOG = {
  label: "dog",
  classId: 16,
  categoryId: 18,
  score: 0.940049,
  box: { x: 129.1049, y: 224.8, width: 181, height: 309.2 },
};
const person = (score: number) => ({
  label: "person",
  classId: 0,
  categoryId: 1,
  score,
  box: { x: 0, y: 48, width: 64, height: 96 },
});
const SPEED = { decode: 4.06, preprocess: 0.9, inference: 25.34, postprocess: 0.4 };
const STREET: Photo<DetectResult> = {
  source: "photos/street.jpg",
  result: {
    width: 640,
    height: 480,
    model: "tiny",
    detections: [DOG, person(0.9), person(0.75)],
    truncated: 0,
    speed: SPEED,
  },
};
const EMPTY: Photo<DetectResult> = {
  source: `a "quoted", name.png`,
  result: { ...STREET.result, detections: [], speed: { ...SPEED, inference: 31.2 } },
};
const NUMBERED: Photo<DetectResult> = {
  source: "COCO_val2014_000000000086.jpg",
  result: { ...EMPTY.result, detections: [DOG] },
};

async function write(format: Format, photos: readonly Photo<DetectResult>[], quiet = false): Promise<string> {
  const report = await createReport(format, detections, { photos: photos.length, quiet });
  return [report.begin?.(), ...photos.map((photo) => report.photo(photo)), report.end?.()].join("");
}

Deno.test("text: one line a photo, then the mean speed", async () => {
  assertEquals(
    await write("text", [STREET, EMPTY]),
    "photos/street.jpg: 640x480 2 persons, 1 dog, 25.3ms\n" +
      `a "quoted", name.png: 640x480 no detections, 31.2ms\n` +
      "Speed: 4.1ms decode, 0.9ms preprocess, 28.3ms inference, 0.4ms postprocess per image\n",
  );
});

Deno.test("text and yolo: a photo's line is one, whatever its name", async () => {
  const odd = { ...EMPTY, source: "a\nb\x1b[2J.jpg" };
  assertEquals(await write("text", [odd], true), "a\\nb\\u001b[2J.jpg: 640x480 no detections, 31.2ms\n");
  assertEquals(await write("yolo", [odd, odd]), "# a\\nb\\u001b[2J.jpg\n".repeat(2));
});

Deno.test("text: quiet leaves the speed out", async () => {
  assertEquals(await write("text", [STREET], true), "photos/street.jpg: 640x480 2 persons, 1 dog, 25.3ms\n");
});

Deno.test("json: one array, one element a line", async () => {
  const text = await write("json", [STREET, EMPTY]);
  assertEquals(text.split("\n").length, 5);
  const [street, empty] = JSON.parse(text);
  assertEquals(Object.keys(street), ["source", "width", "height", "model", "detections", "speed"]);
  assertEquals(street.detections[0], {
    ...DOG,
    score: 0.94,
    box: { x: 129.1, y: 224.8, width: 181, height: 309.2 },
  });
  assertEquals(street.speed, { decode: 4.1, preprocess: 0.9, inference: 25.3, postprocess: 0.4 });
  assertEquals([empty.source, empty.detections], [EMPTY.source, []]);
});

Deno.test("jsonl: the elements of json, a line each", async () => {
  const lines = (await write("jsonl", [STREET, EMPTY])).trimEnd().split("\n");
  assertEquals(lines.map((line) => JSON.parse(line)), JSON.parse(await write("json", [STREET, EMPTY])));
});

Deno.test("csv: a header, a row a box, quoted where needed", async () => {
  const quoted = { ...NUMBERED, source: EMPTY.source };
  assertEquals(
    await write("csv", [STREET, quoted]),
    "source,label,classId,categoryId,score,x,y,width,height\n" +
      "photos/street.jpg,dog,16,18,0.94,129.1,224.8,181,309.2\n" +
      "photos/street.jpg,person,0,1,0.9,0,48,64,96\n" +
      "photos/street.jpg,person,0,1,0.75,0,48,64,96\n" +
      `"a ""quoted"", name.png",dog,16,18,0.94,129.1,224.8,181,309.2\n`,
  );
});

Deno.test("coco: rows that pycocotools loads, numbered by file name", async () => {
  const url = { ...NUMBERED, source: "https://example.com/val/000000000139.jpg?size=9/10" };
  const rows = JSON.parse(await write("coco", [EMPTY, NUMBERED, url, STREET]));
  assertEquals(rows[0], { image_id: 86, category_id: 18, bbox: [129.1, 224.8, 181, 309.2], score: 0.94 });
  assertEquals(rows.map((row: { image_id: unknown }) => row.image_id), [
    86,
    139,
    "street",
    "street",
    "street",
  ]);
});

Deno.test("yolo: class, centre and size as fractions, confidence", async () => {
  const dog = "16 0.343133 0.790417 0.282813 0.644167 0.9400\n";
  assertEquals(await write("yolo", [NUMBERED]), dog);
  assertEquals(
    await write("yolo", [EMPTY, STREET]),
    `# a "quoted", name.png\n# photos/street.jpg\n${dog}` +
      "0 0.050000 0.200000 0.100000 0.200000 0.9000\n" +
      "0 0.050000 0.200000 0.100000 0.200000 0.7500\n",
  );
});

Deno.test("every format makes a whole document of no photos", async () => {
  const texts = await Promise.all(FORMATS.map((format) => write(format, [])));
  assertEquals(texts, [
    "",
    "[]\n",
    "",
    "source,label,classId,categoryId,score,x,y,width,height\n",
    "[]\n",
    "",
  ]);
});

Deno.test("classes in every format", async () => {
  const result: ClassifyResult = {
    width: 640,
    height: 480,
    model: "tiny",
    classes: [
      { label: "Siamese, cat", classId: 284, categoryId: 284, score: 0.91234 },
      { label: "tabby", classId: 281, categoryId: 281, score: 0.05 },
    ],
    speed: SPEED,
  };
  const texts = await Promise.all(FORMATS.map(async (format) => {
    const report = await createReport(format, classes, { photos: 1, quiet: true });
    return [report.begin?.(), report.photo({ source: "cat.jpg", result }), report.end?.()].join("");
  }));
  const json = '{"source":"cat.jpg","width":640,"height":480,"model":"tiny","classes":[' +
    '{"label":"Siamese, cat","classId":284,"categoryId":284,"score":0.9123},' +
    '{"label":"tabby","classId":281,"categoryId":281,"score":0.05}],' +
    '"speed":{"decode":4.1,"preprocess":0.9,"inference":25.3,"postprocess":0.4}}';
  assertEquals(texts, [
    "cat.jpg: 640x480 Siamese, cat 0.91, tabby 0.05, 25.3ms\n",
    `[\n${json}\n]\n`,
    `${json}\n`,
    'source,label,classId,categoryId,score\ncat.jpg,"Siamese, cat",284,284,0.9123\ncat.jpg,tabby,281,281,0.05\n',
    '[\n{"image_id":"cat","category_id":284,"score":0.9123},\n{"image_id":"cat","category_id":281,"score":0.05}\n]\n',
    "0.9123 Siamese, cat\n0.0500 tabby\n",
  ]);
});
