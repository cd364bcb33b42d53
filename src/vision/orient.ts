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
  const from = new Uint32Array(data.slice().buffer);
  const to = new Uint32Array(outWidth * outHeight);
  for (let y = 0, at = 0; y < outHeight; y++) {
    for (let x = 0, source = first + y * stepY; x < outWidth; x++, source += stepX) to[at++] = from[source];
  }
  return { data: new Uint8ClampedArray(to.buffer), width: outWidth, height: outHeight, channels: 4 };
}
