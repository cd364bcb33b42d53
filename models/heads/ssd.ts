/**
 * The head of SSD (Liu et al. 2016, "SSD: Single Shot MultiBox Detector", arXiv 1512.02325, section 2): priors over maps, and predictions in their order.
 *
 * @module
 */

import type { Pair } from "../../src/geometry.ts";
import type { SsdPostprocessing } from "../../src/graph/model_info.ts";
import type { NetworkBuilder, Value } from "../layers.ts";

/** The priors of one map, at each of its cells: a square of `min`, one of sqrt(min * max), and two upright and lying boxes of the first one's area for each ratio. */
export interface PriorSet {
  /** Side of the smaller square, in pixels of the published input. */
  readonly min: number;
  /** The larger square's is the geometric mean of this and `min`. */
  readonly max: number;
  /** Ratios of the longer side to the shorter. */
  readonly ratios: readonly number[];
  /** Pixels from cell to cell at the published input; its extent over the map's where left out, as Caffe has it. */
  readonly step?: number;
}

/** Priors of a detector. */
export interface PriorTable {
  /** Width and height of the published input, that pixels are counted in. */
  readonly size: number;
  /** A set for each map. */
  readonly sets: readonly PriorSet[];
  /** What is kept in [0, 1]: centres and sizes, sizes alone, or nothing, the default. */
  readonly clip?: "all" | "sizes";
}

/** Priors of a cell, the background left out of account. */
export function priorsPerCell({ ratios }: PriorSet): number {
  return 2 + 2 * ratios.length;
}

/**
 * The priors of maps of `[height, width]`, row by row, `[priors, 4]`: (ymin, xmin, ymax, xmax) as fractions of the input. At another input size than the published one
 * they keep their part of the picture, and cells divide it evenly.
 */
export function priorsOf({ size, sets, clip }: PriorTable, maps: readonly Pair[], input: Pair): Float32Array {
  const published = input[0] === size && input[1] === size;
  const inside = (value: number) => Math.min(Math.max(value, 0), 1);
  const centre = clip === "all" ? inside : (value: number) => value;
  const extent = clip === undefined ? (value: number) => value : inside;
  const corners: number[] = [];
  sets.forEach(({ min, max, ratios, step }, i) => {
    const [height, width] = maps[i], large = Math.sqrt(min * max);
    const boxes = [[min, min], [large, large]];
    for (const ratio of ratios) {
      const long = min * Math.sqrt(ratio), short = min / Math.sqrt(ratio);
      boxes.push([long, short], [short, long]);
    }
    const stepOf = (cells: number) => published && step !== undefined ? step / size : 1 / cells;
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        const x = centre((column + 0.5) * stepOf(width)), y = centre((row + 0.5) * stepOf(height));
        for (const [wide, high] of boxes) {
          const halfWidth = extent(wide / size) / 2, halfHeight = extent(high / size) / 2;
          corners.push(y - halfHeight, x - halfWidth, y + halfHeight, x + halfWidth);
        }
      }
    }
  });
  return Float32Array.from(corners);
}

/** What is predicted at one map: `[1, h, w, priors * 4]` and `[1, h, w, priors * columns]`, the background a column. */
export interface Predictions {
  /** Four values for each prior of each cell. */
  readonly boxes: Value;
  /** Logits of each class for each prior of each cell. */
  readonly scores: Value;
}

/** Joins the predictions of all maps and adds their priors: outputs `boxes` `[1, priors, 4]` and `scores` `[1, priors, columns]`. */
export function ssdOutputs(
  net: NetworkBuilder,
  predictions: readonly Predictions[],
  columns: number,
  table: PriorTable,
  input: Pair,
): Value[] {
  const maps = predictions.map(({ boxes: { shape } }) => [shape[1], shape[2]] as const);
  const priors = priorsOf(table, maps, input);
  net.constant("priors", [priors.length / 4, 4], priors);
  const join = (name: "boxes" | "scores", width: number) => {
    const flat = predictions.map((prediction) => {
      const { name: from, shape: [n, h, w, c] } = prediction[name];
      return net.node("reshape", `${from}.flat`, { shape: [n, h * w * c / width, width] }, [
        prediction[name],
      ]);
    });
    return net.node("concat", name, { axis: 1 }, flat);
  };
  return [join("boxes", 4), join("scores", columns)];
}

/** How the outputs of {@linkcode ssdOutputs} become boxes: variances 0.1 and 0.2, softmax, background first; suppression among the 400 best boxes of a class. */
export function ssdPostprocessing({ threshold = 0.4, candidates = 400 } = {}): SsdPostprocessing {
  return {
    kind: "ssd",
    boxes: "boxes",
    scores: "scores",
    order: "xywh",
    priors: "priors",
    scales: [10, 10, 5, 5],
    activation: "softmax",
    background: 0,
    candidates,
    threshold,
    iou: 0.45,
    maxDetections: 200,
  };
}
