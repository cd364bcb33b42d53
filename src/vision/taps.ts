/**
 * Which pixels of a photo make a pixel of the input, and with what weights: rules of resizing along one axis, each to the bit as its framework has it.
 *
 * @module
 */

import type { Preprocessing } from "../graph/model_info.ts";

/** What each output of a run is made of. */
export interface Taps {
  /** The first pixel of each, none before that of the output before it; along y the rows beyond an edge are the edge's again. */
  readonly starts: Int32Array;
  /** How many pixels from there on. Along x those beyond the edge weigh nothing. */
  readonly count: number;
  /** Their weights as the kernel reads them, as many for each output. */
  readonly weights: Float32Array | Int16Array;
}

/** The taps of outputs `from` to `to` of `output` pixels that stand for `input` of the photo along an axis. */
type Rule = (input: number, output: number, from: number, to: number, axis: "x" | "y") => Taps;

/** Interpolation between two pixels in f32. Weights: of the second. */
export function bilinearTaps(coordinates: Preprocessing["resize"]): Rule {
  return (input, output, from, to) => {
    const scale = coordinates === "align_corners"
      ? output > 1 ? Math.fround((input - 1) / (output - 1)) : 0
      : Math.fround(input / output);
    const shift = coordinates === "half_pixel" ? 0.5 : 0;
    const starts = new Int32Array(to - from), weights = new Float32Array(to - from);
    starts.forEach((_, i) => {
      const position = Math.max(0, Math.fround((from + i + shift) * scale - shift));
      starts[i] = Math.min(Math.floor(position), input - 1);
      weights[i] = starts[i] < input - 1 ? position - starts[i] : 0;
    });
    return { starts, count: 2, weights };
  };
}

/** Nearest integer, halves to the even one. */
function round(x: number): number {
  const floor = Math.floor(x);
  return x - floor === 0.5 ? floor + (floor & 1) : Math.round(x);
}

/**
 * As OpenCV does with bytes (opencv/opencv, modules/imgproc/src/resize.cpp: `INTER_LINEAR`). Detectors that were trained behind it move their scores by up to
 * 0.01 on pixels that are half a step off. Weights: of both pixels, of 11 bits.
 */
export const opencvTaps: Rule = (input, output, from, to, axis) => {
  const scale = 1 / (output / input);
  const starts = new Int32Array(to - from), weights = new Int16Array(2 * (to - from));
  starts.forEach((_, i) => {
    const position = Math.fround((from + i + 0.5) * scale - 0.5);
    const floor = Math.floor(position);
    // Along y two products of one row are cut one by one.
    const within = axis === "y" || floor >= 0 && floor < input - 1;
    const weight = within ? Math.fround(position - floor) : 0;
    starts[i] = axis === "y" ? floor : Math.max(floor, 0);
    weights[2 * i] = round(Math.fround(1 - weight) * 2048);
    weights[2 * i + 1] = round(weight * 2048);
  });
  return { starts, count: 2, weights };
};

/**
 * As Pillow does with bytes (python-pillow/Pillow, src/libImaging/Resample.c: `BILINEAR`), hence torchvision and timm: every pixel of the photo counts, by a
 * triangle as wide as two pixels of the photo or the result, whichever are larger. Weights: of 22 bits, for two pixels their upper 11 bits, then the lower ones.
 */
export const pillowTaps: Rule = (input, output, from, to) => {
  const scale = input / output, reach = Math.max(scale, 1);
  const starts = new Int32Array(to - from), ends = new Int32Array(to - from);
  const centre = (i: number) => (from + i + 0.5) * scale;
  starts.forEach((_, i) => {
    starts[i] = Math.max(0, centre(i) - reach + 0.5);
    ends[i] = Math.min(input, centre(i) + reach + 0.5);
  });
  const share = (pixel: number, centre: number) =>
    Math.max(0, 1 - Math.abs((pixel - centre + 0.5) * (1 / reach)));
  const pairs = Math.ceil(ends.reduce((most, end, i) => Math.max(most, end - starts[i]), 0) / 2);
  const weights = new Int16Array(4 * pairs * (to - from));
  starts.forEach((start, i) => {
    let sum = 0;
    for (let pixel = start; pixel < ends[i]; pixel++) sum += share(pixel, centre(i));
    for (let j = 0; j < ends[i] - start; j++) {
      const weight = Math.trunc(share(start + j, centre(i)) / sum * 2 ** 22 + 0.5);
      const at = 4 * (pairs * i + (j >> 1)) + (j & 1);
      weights[at] = weight >> 11;
      weights[at + 2] = weight & 2047;
    }
  });
  return { starts, count: 2 * pairs, weights };
};
