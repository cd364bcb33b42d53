import { assertEquals } from "@std/assert";
import { orient } from "../../src/vision/orient.ts";

Deno.test("pictures are turned wherever in a buffer they lie, whatever their size", () => {
  for (const [width, height] of [[1, 1], [1, 70], [33, 2], [5, 65]]) {
    const data = new Uint8Array(width * height * 4 + 1).map((_, i) => i * 37).subarray(1);
    const pixel = (x: number, y: number) => [...data.subarray((y * width + x) * 4, (y * width + x + 1) * 4)];
    for (let orientation = 1; orientation <= 8; orientation++) {
      const turned = orient({ data, width, height, channels: 4 }, orientation);
      const swapped = orientation >= 5;
      assertEquals([turned.width, turned.height], swapped ? [height, width] : [width, height]);
      for (let y = 0; y < turned.height; y++) {
        for (let x = 0; x < turned.width; x++) {
          // TIFF 6.0, Orientation: which side of the picture the stored row 0 and column 0 are.
          const [column, row] = swapped ? [y, x] : [x, y];
          const expected = pixel(
            [2, 3, 7, 8].includes(orientation) ? width - 1 - column : column,
            [3, 4, 6, 7].includes(orientation) ? height - 1 - row : row,
          );
          const at = (y * turned.width + x) * 4;
          assertEquals([...turned.data.subarray(at, at + 4)], expected, `${width}x${height}, ${orientation}`);
        }
      }
    }
  }
});
