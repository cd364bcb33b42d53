/**
 * Turns pictures upright.
 *
 * @module
 */

import type { RawImage } from "./image.ts";

/** Applies an EXIF orientation (1 to 8) to RGBA pixels `[height, width, 4]`; 1 gives the picture itself. */
export function orient(image: RawImage, orientation: number): RawImage {
  if (orientation === 1) return image;
  const { width, height, data } = image;
  const swapped = orientation >= 5;
  const [outWidth, outHeight] = swapped ? [height, width] : [width, height];
  // Where the first pixel comes from, and how the source moves with a step along the result's row or column.
  const right = [2, 3, 7, 8].includes(orientation), bottom = [3, 4, 6, 7].includes(orientation);
  const first = (bottom ? height - 1 : 0) * width + (right ? width - 1 : 0);
  const alongX = right ? -1 : 1, alongY = bottom ? -width : width;
  const [stepX, stepY] = swapped ? [alongY, alongX] : [alongX, alongY];
  const { buffer, byteOffset } = data.byteOffset % 4 === 0 ? data : data.slice();
  const from = new Uint32Array(buffer, byteOffset, width * height);
  const to = new Uint32Array(outWidth * outHeight);
  // A row of the result that was a column passes many rows of the source by: in strips they stay in the cache. `| 0`, because 0 times a negative step is -0,
  // with which every index would be computed as a double.
  const strip = swapped ? 32 : outWidth;
  for (let left = 0; left < outWidth; left += strip) {
    const end = Math.min(left + strip, outWidth);
    for (let y = 0; y < outHeight; y++) {
      for (let x = left, source = first + x * stepX + y * stepY | 0; x < end; x++, source += stepX) {
        to[y * outWidth + x] = from[source];
      }
    }
  }
  return { data: new Uint8ClampedArray(to.buffer), width: outWidth, height: outHeight, channels: 4 };
}
