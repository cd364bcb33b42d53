/** The library where no Deno is: bundled, in Node. */
import { assertEquals } from "@std/assert";
import { Detector } from "../mod.ts";
import { bundle } from "../scripts/bundle.ts";
import { cocoSsdBytes } from "./weights.ts";
import { temporaryFolder } from "./support/process.ts";

const ROOT = new URL("..", import.meta.url);

async function output(command: string, args: readonly string[], cwd: URL | string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args: [...args], cwd }).output();
  const text = new TextDecoder();
  if (!success) throw new Error(`${command} ${args[0]} failed: ${text.decode(stderr)}`);
  return text.decode(stdout);
}

const script = (photos: readonly URL[]): string => `
import { readFile } from "node:fs/promises";
import { Detector } from "./simdet.js";
const detector = await Detector.load(new Uint8Array(await readFile("model.safetensors")), { threads: 2 });
const found = [];
for (const photo of ${JSON.stringify(photos)}) {
  const { detections } = await detector.detect(await readFile(new URL(photo)));
  found.push(detections.map(({ label }) => label).join());
}
console.log(JSON.stringify(found));
detector.dispose();
`;

const hasNode = await output("node", ["--version"], ROOT).then(() => true, () => false);

Deno.test({ name: "Node decodes photos and finds what Deno finds", ignore: !hasNode }, async () => {
  await using folder = await temporaryFolder();
  await bundle(folder.path);
  await Deno.writeFile(`${folder.path}/model.safetensors`, await cocoSsdBytes());
  const photos = [
    "samples/coco_train_000000000086.jpg",
    "samples/chelsea.png",
    "tests/fixtures/images/lossy.webp",
  ]
    .map((path) => new URL(path, ROOT));
  await Deno.writeTextFile(`${folder.path}/main.mjs`, script(photos));
  using detector = await Detector.load(await cocoSsdBytes());
  const wanted: string[] = [];
  for (const photo of photos) {
    const { detections } = await detector.detect(await Deno.readFile(photo));
    wanted.push(detections.map(({ label }) => label).join());
  }
  assertEquals(wanted.slice(0, 2), ["person,motorcycle", "cat"]);
  assertEquals(JSON.parse(await output("node", ["main.mjs"], folder.path)), wanted);
});
