import { assertEquals } from "@std/assert";
import { decodeImage } from "../../src/vision/decode.ts";
import { resizeFixed } from "../../src/vision/fixed_point.ts";
import type { RawImage } from "../../src/vision/image.ts";

async function fixture(name: string): Promise<RawImage> {
  return await decodeImage(await Deno.readFile(new URL(`../fixtures/images/${name}`, import.meta.url)));
}

/** The colours of a picture, without alpha. */
function colours({ data, channels = 4 }: RawImage): number[] {
  return Array.from(data).filter((_, i) => i % channels < 3);
}

Deno.test("resizes as OpenCV does, to the byte", async () => {
  const truth = await fixture("truth.png");
  for (const [width, height] of [[13, 9], [61, 25]]) {
    const resized = resizeFixed(truth, { x: 0, y: 0, width, height }, width, height);
    assertEquals([resized.width, resized.height], [width, height]);
    assertEquals(colours(resized), colours(await fixture(`opencv_${width}x${height}.png`)));
  }
});

Deno.test("a photo of the right size stays as it is", async () => {
  const truth = await fixture("truth.png");
  assertEquals(colours(resizeFixed(truth, { x: 3, y: 5, width: 48, height: 32 }, 64, 64)), colours(truth));
});

Deno.test("of a photo that is larger than the input only the visible part is made", async () => {
  const truth = await fixture("truth.png");
  const whole = resizeFixed(truth, { x: 0, y: 0, width: 61, height: 25 }, 61, 25);
  const part = resizeFixed(truth, { x: -20, y: -5, width: 61, height: 25 }, 10, 7);
  assertEquals([part.width, part.height], [10, 7]);
  const row = (image: RawImage, x: number, y: number) =>
    Array.from(image.data.subarray((y * image.width + x) * 3, (y * image.width + x + 10) * 3));
  for (let y = 0; y < 7; y++) assertEquals(row(part, 0, y), row(whole, 20, y + 5));
});
