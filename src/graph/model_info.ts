/**
 * What a model file says about itself beside its graph: labels, how a photo becomes its input, how its raw
 * outputs become boxes or classes, where it comes from. Plain data, stored as JSON in `__metadata__`.
 *
 * @module
 */

/** One class of a model. */
export interface Label {
  /** Human-readable name. */
  readonly name: string;
  /** The data set's own number of the class. */
  readonly categoryId: number;
}

/** How pixels become the input tensor: resize, then `x * scale + offset` for each channel, `x` in 0..255. */
export interface Preprocessing {
  /** Name of the graph input that receives the photo. */
  readonly input: string;
  /** Input width in pixels. */
  readonly width: number;
  /** Input height in pixels. */
  readonly height: number;
  /** Resize rule. `tf_bilinear`: stretched, TensorFlow's ResizeBilinear with corners unaligned. */
  readonly resize: "tf_bilinear";
  /** Factor of each channel, RGB order. */
  readonly scale: readonly [number, number, number];
  /** Added to each channel after scaling, RGB order. */
  readonly offset: readonly [number, number, number];
}

/** Raw SSD heads to boxes: box coder of Faster R-CNN / SSD over fixed priors. */
export interface SsdPostprocessing {
  /** Which decoder. */
  readonly kind: "ssd";
  /** Graph output `[1, priors, 4]`: (ty, tx, th, tw). */
  readonly boxes: string;
  /** Graph output `[1, priors, classes]`: class logits. */
  readonly scores: string;
  /** Constant `[priors, 4]`: (ymin, xmin, ymax, xmax) as fractions of the input. */
  readonly priors: string;
  /** Divisors of (ty, tx, th, tw). */
  readonly scales: readonly [number, number, number, number];
  /** What turns logits into scores. */
  readonly activation: "sigmoid" | "softmax";
  /** Class column that means "nothing"; label `i` is the i-th of the other columns. */
  readonly background: number;
  /** Default least score. */
  readonly threshold: number;
  /** Default overlap from which boxes suppress one another. */
  readonly iou: number;
  /** Default most detections. */
  readonly maxDetections: number;
}

/** Class scores of the whole photo. */
export interface SoftmaxPostprocessing {
  /** Which decoder. */
  readonly kind: "softmax";
  /** Graph output `[1, classes]`: probabilities, or logits. */
  readonly scores: string;
  /** Whether the output is logits that a softmax turns into probabilities. Default `false`. */
  readonly logits?: boolean;
}

/** How raw outputs become results. */
export type Postprocessing = SsdPostprocessing | SoftmaxPostprocessing;

/** Everything a model file says about itself beside its graph. */
export interface ModelInfo {
  /** Short name, e.g. `ssdlite-mobilenetv2-coco`. */
  readonly name: string;
  /** SPDX licence of the weights. */
  readonly licence?: string;
  /** Where the weights come from, and the hash of what was fetched. */
  readonly origin?: { readonly source: string; readonly integrity: string };
  /** Classes, in output order without the background; `null` where the network has an output that no class uses. */
  readonly labels?: readonly (Label | null)[];
  /** How a photo becomes the input. */
  readonly preprocessing?: Preprocessing;
  /** How raw outputs become results. */
  readonly postprocessing?: Postprocessing;
}
