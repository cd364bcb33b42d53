/**
 * Prior boxes as Caffe's PriorBox layer places them (weiliu89/caffe, src/caffe/layers/prior_box_layer.cpp).
 *
 * @module
 */

import type { Pair } from "../../geometry.ts";
import type { Message } from "./message.ts";

/** Boxes as fractions of the input. */
export interface Priors {
  /** (xmin, ymin, xmax, ymax) of each. */
  readonly boxes: Float32Array;
  /** Variances of (x, y, width, height), the same for all. */
  readonly variances: readonly number[];
}

/** Most boxes of a network. */
const MAX_PRIORS = 2 ** 20;

/** Most sizes, and most aspect ratios, of one layer. */
const MAX_SIZES = 64;

/** Ratios that differ less are one. */
const SAME_RATIO = 1e-6;

/** Widths and heights in pixels of the boxes around each cell. */
function sizes(param: Message): (readonly [width: number, height: number])[] {
  const least = param.numbers("min_size"), most = param.numbers("max_size");
  if (least.length === 0 || (most.length > 0 && most.length !== least.length)) {
    param.fail(
      `min_size is there ${least.length} times, max_size ${most.length} times`,
      "as many of both, at least one",
    );
  }
  const told = param.numbers("aspect_ratio"), ratios: number[] = [];
  if (least.length > MAX_SIZES || told.length > MAX_SIZES) {
    param.fail(
      `there are ${least.length} sizes and ${told.length} aspect ratios`,
      `at most ${MAX_SIZES} of each`,
    );
  }
  for (const ratio of told) {
    if (!(ratio > 0)) param.fail(`aspect_ratio is ${ratio}`, "more than 0");
    if ([1, ...ratios].some((known) => Math.abs(known - ratio) < SAME_RATIO)) continue;
    ratios.push(ratio);
    if (param.flag("flip", true)) ratios.push(1 / ratio);
  }
  return least.flatMap((size, i) => {
    if (!(size > 0)) param.fail(`min_size is ${size}`, "more than 0");
    const squares = [[size, size] as const];
    if (most.length > 0) {
      if (!(most[i] > size)) param.fail(`max_size is ${most[i]}`, `more than min_size, ${size}`);
      const mean = Math.sqrt(size * most[i]);
      squares.push([mean, mean]);
    }
    return [
      ...squares,
      ...ratios.map((ratio) => [size * Math.sqrt(ratio), size / Math.sqrt(ratio)] as const),
    ];
  });
}

/** Boxes around the cells of a map, row by row, for an input of `picture` pixels. */
export function placePriors(param: Message, [rows, columns]: Pair, picture: Pair): Priors {
  const square = param.integer("img_size", 0);
  const height = param.integer("img_h", square) || picture[0],
    width = param.integer("img_w", square) || picture[1];
  const step = param.number("step", 0);
  const stepY = param.number("step_h", step) || height / rows,
    stepX = param.number("step_w", step) || width / columns;
  const offset = param.number("offset", 0.5), clip = param.flag("clip", false);
  const given = param.numbers("variance");
  if (![0, 1, 4].includes(given.length) || given.some((v) => !(v > 0))) {
    param.fail(`variance is ${JSON.stringify(given)}`, "none, one or four numbers above 0");
  }
  const shapes = sizes(param);
  if (rows * columns * shapes.length > MAX_PRIORS) {
    param.fail(`${rows}x${columns} cells have ${shapes.length} boxes each`, `at most ${MAX_PRIORS} in all`);
  }
  const boxes = new Float32Array(rows * columns * shapes.length * 4);
  let at = 0;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const x = (column + offset) * stepX, y = (row + offset) * stepY;
      for (const [w, h] of shapes) {
        boxes[at++] = (x - w / 2) / width;
        boxes[at++] = (y - h / 2) / height;
        boxes[at++] = (x + w / 2) / width;
        boxes[at++] = (y + h / 2) / height;
      }
    }
  }
  return {
    boxes: clip ? boxes.map((v) => Math.min(Math.max(v, 0), 1)) : boxes,
    variances: given.length === 4 ? given : new Array(4).fill(given[0] ?? 0.1),
  };
}
