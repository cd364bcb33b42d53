import { assert, assertEquals } from "@std/assert";
import type { Detection } from "../../src/detection/types.ts";
import { annotate } from "../../src/vision/draw.ts";

const blank = (width: number, height: number) => ({
  data: new Uint8Array(width * height * 3),
  width,
  height,
  channels: 3 as const,
});
const dog = (x: number, y: number, width: number, height: number): Detection => ({
  label: "dog",
  classId: 16,
  categoryId: 18,
  score: 0.943,
  box: { x, y, width, height },
});

Deno.test("a frame is drawn along the box and nothing inside it", () => {
  const image = blank(400, 300);
  const { data, channels } = annotate(image, [dog(100, 100, 200, 150)]);
  assertEquals(channels, 4);
  const at = (x: number, y: number) => [...data.slice((y * 400 + x) * 4, (y * 400 + x) * 4 + 3)];
  const colour = at(100, 200);
  assert(colour.some((v) => v > 0));
  for (const [x, y] of [[299, 200], [200, 249], [200, 100]]) assertEquals(at(x, y), colour);
  assertEquals(at(200, 200), [0, 0, 0]);
  assertEquals(at(50, 200), [0, 0, 0]);
  assertEquals(image.data.every((v) => v === 0), true, "the picture itself is left alone");
});

Deno.test("the label stands above the box, and inside the picture wherever the box lies", () => {
  const white = (detection: Detection) => {
    const { data, width } = annotate(blank(120, 90), [detection]);
    const found: number[] = [];
    for (let i = 0; i < data.length; i += 4) {
      if (data[i] + data[i + 1] + data[i + 2] === 765) found.push(i / 4);
    }
    return { count: found.length, top: Math.floor(found[0] / width) };
  };
  const above = white(dog(10, 40, 60, 40));
  assert(above.count > 20 && above.top < 40);
  assertEquals(white(dog(0, 0, 120, 90)).count, above.count);
  assertEquals(white(dog(110, 80, 10, 10)).count, above.count);
});
