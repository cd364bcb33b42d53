import { assertEquals, assertLessOrEqual } from "@std/assert";
import { decodeImage } from "../../src/vision/decode.ts";
import type { RawImage } from "../../src/vision/image.ts";
import { shrinkImage } from "../../src/vision/shrink.ts";

async function fixture(name: string): Promise<RawImage> {
  return await decodeImage(await Deno.readFile(new URL(`../fixtures/images/${name}`, import.meta.url)));
}

/** Greatest difference of the colours of two pictures of one size. */
function difference(a: RawImage, b: RawImage): number {
  assertEquals([a.width, a.height], [b.width, b.height]);
  const [stepA, stepB] = [a.channels ?? 4, b.channels ?? 4];
  let worst = 0;
  for (let pixel = 0; pixel < a.width * a.height; pixel++) {
    for (let c = 0; c < 3; c++) {
      worst = Math.max(worst, Math.abs(a.data[pixel * stepA + c] - b.data[pixel * stepB + c]));
    }
  }
  return worst;
}

Deno.test("shrinks as Pillow does, to one step of a byte", async () => {
  const truth = await fixture("truth.png");
  assertLessOrEqual(difference(shrinkImage(truth, 13, 9), await fixture("shrunk.png")), 1);
});

Deno.test("never enlarges: an axis that is short already stays", async () => {
  const truth = await fixture("truth.png");
  assertEquals(shrinkImage(truth, 48, 32), truth);
  const narrow = shrinkImage(truth, 13, 64);
  assertEquals([narrow.width, narrow.height], [13, 32]);
  const flat = shrinkImage(truth, 64, 9);
  assertEquals([flat.width, flat.height], [48, 9]);
});

Deno.test("a plain picture keeps its colour, whatever the size", () => {
  const data = new Uint8Array(31 * 17 * 3).map((_, i) => [3, 128, 255][i % 3]);
  for (const [width, height] of [[1, 1], [2, 16], [30, 5]]) {
    const { data: shrunk } = shrinkImage({ data, width: 31, height: 17, channels: 3 }, width, height);
    assertEquals([...shrunk], Array.from({ length: width * height * 3 }, (_, i) => [3, 128, 255][i % 3]));
  }
});
