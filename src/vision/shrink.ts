/**
 * Shrinks photos without aliasing: every pixel of the photo counts, by a triangle as wide as two pixels of the result (Pillow's BILINEAR, torchvision's
 * and timm's default).
 *
 * @module
 */

import type { RawImage } from "./image.ts";

/** Where a pixel of the result begins in the photo, and the weight of each pixel from there on. */
interface Window {
  readonly start: number;
  readonly weights: Float64Array;
}

/** The windows of `output` pixels over `input` more. */
function windowsOf(input: number, output: number): Window[] {
  const scale = input / output;
  return Array.from({ length: output }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - scale + 0.5));
    const end = Math.min(input, Math.trunc(centre + scale + 0.5));
    const weights = Float64Array.from(
      { length: end - start },
      (_, j) => Math.max(0, 1 - Math.abs((start + j - centre + 0.5) / scale)),
    );
    const sum = weights.reduce((a, b) => a + b, 0);
    return { start, weights: weights.map((weight) => weight / sum) };
  });
}

/** A photo shrunk to at most `width` x `height` pixels, three channels; along an axis on which it is smaller already it stays as it is. */
export function shrinkImage(image: RawImage, width: number, height: number): RawImage {
  return shrinkHeight(shrinkWidth(image, width), height);
}

function shrinkWidth(image: RawImage, width: number): RawImage {
  const { height, data, channels = 4 } = image;
  if (width >= image.width) return image;
  const windows = windowsOf(image.width, width), shrunk = new Uint8ClampedArray(width * height * 3);
  for (let y = 0, to = 0; y < height; y++) {
    const row = y * image.width * channels;
    for (const { start, weights } of windows) {
      let [r, g, b] = [0, 0, 0];
      for (let i = 0, from = row + start * channels; i < weights.length; i++, from += channels) {
        const weight = weights[i];
        r += data[from] * weight;
        g += data[from + 1] * weight;
        b += data[from + 2] * weight;
      }
      shrunk[to++] = r;
      shrunk[to++] = g;
      shrunk[to++] = b;
    }
  }
  return { data: shrunk, width, height, channels: 3 };
}

function shrinkHeight(image: RawImage, height: number): RawImage {
  const { width, data, channels = 4 } = image;
  if (height >= image.height) return image;
  const stride = width * channels, sums = new Float64Array(stride);
  const shrunk = new Uint8ClampedArray(stride * height);
  windowsOf(image.height, height).forEach(({ start, weights }, y) => {
    sums.fill(0);
    weights.forEach((weight, i) => {
      const row = (start + i) * stride;
      for (let x = 0; x < stride; x++) sums[x] += data[row + x] * weight;
    });
    shrunk.set(sums, y * stride);
  });
  return { data: shrunk, width, height, channels };
}
