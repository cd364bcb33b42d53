import { assertEquals } from "@std/assert";
import type { Preprocessing } from "../../src/graph/model_info.ts";
import { placeBoxes, placeImage } from "../../src/vision/placement.ts";

const spec: Preprocessing = {
  input: "input",
  width: 320,
  height: 320,
  resize: "align_corners",
  scale: [1, 1, 1],
  offset: [0, 0, 0],
};

Deno.test("a letterboxed photo lies on whole pixels, its boxes around the true middle as Darknet's", () => {
  const letterbox = { ...spec, fit: "letterbox" } as const;
  assertEquals(placeImage(640, 427, letterbox), { x: 0, y: 53, width: 320, height: 213 });
  assertEquals(placeBoxes(640, 427, letterbox), { x: 0, y: 53.5, width: 320, height: 213 });
  assertEquals(placeBoxes(427, 640, letterbox), { x: 53.5, y: 0, width: 213, height: 320 });
});

Deno.test("a photo in the top left corner: boxes are led back by the factor that was asked for", () => {
  const corner = { ...spec, fit: "letterbox_top_left" } as const;
  assertEquals(placeImage(640, 427, corner), { x: 0, y: 0, width: 320, height: 213 });
  assertEquals(placeBoxes(640, 427, corner), { x: 0, y: 0, width: 320, height: 213.5 });
});

Deno.test("a stretched or cropped photo and its boxes lie in one place", () => {
  for (const fit of ["stretch", "crop"] as const) {
    assertEquals(placeBoxes(640, 427, { ...spec, fit }), placeImage(640, 427, { ...spec, fit }));
  }
  assertEquals(placeImage(640, 427, { ...spec, fit: "crop" }), { x: -80, y: 0, width: 479, height: 320 });
});

Deno.test("a crop begins where torchvision's CenterCrop does", () => {
  const crop = { ...spec, width: 224, height: 224, fit: "crop" } as const;
  const left = (width: number) => placeImage(width, 224, crop).x;
  assertEquals([224, 225, 226, 227, 228, 229, 231].map(left), [0, 0, -1, -2, -2, -2, -4]);
});
