/**
 * What a detection is: the one stable object that every report, server reply and library call gives.
 *
 * @module
 */

/** A rectangle in pixels of the upright photo, clamped to it. */
export interface Box {
  /** Left edge. */
  readonly x: number;
  /** Top edge. */
  readonly y: number;
  /** Width. */
  readonly width: number;
  /** Height. */
  readonly height: number;
}

/** One object found. */
export interface Detection {
  /** Name of the class. */
  readonly label: string;
  /** Index of the class among the model's labels, from 0 (COCO: 0-79). */
  readonly classId: number;
  /** The data set's own number of the class (COCO: 1-90, with gaps). */
  readonly categoryId: number;
  /** Confidence, 0 to 1. */
  readonly score: number;
  /** Where it is. */
  readonly box: Box;
}

/** Where the time of one photo went, in milliseconds. */
export interface Speed {
  /** Image bytes to pixels; 0 where pixels were given. */
  readonly decode: number;
  /** Pixels to the network's input tensor. */
  readonly preprocess: number;
  /** The network. */
  readonly inference: number;
  /** Raw outputs to boxes or classes. */
  readonly postprocess: number;
}

/** What a detector says of one photo. */
export interface DetectResult {
  /** Width of the upright photo in pixels. */
  readonly width: number;
  /** Height of the upright photo in pixels. */
  readonly height: number;
  /** Name of the model that looked. */
  readonly model: string;
  /** Objects found, best first. */
  readonly detections: readonly Detection[];
  /** Objects that passed the thresholds but were cut by `maxDetections`. */
  readonly truncated: number;
  /** Where the time went. */
  readonly speed: Speed;
}

/** How to look at one photo; what is left out comes from the model. */
export interface DetectOptions {
  /** Least score that counts, 0 to 1. */
  readonly threshold?: number;
  /** Overlap (intersection over union) from which the weaker of two boxes is dropped, 0 to 1. */
  readonly iou?: number;
  /** Most detections to return. */
  readonly maxDetections?: number;
  /** Only these classes: labels or class ids. */
  readonly classes?: readonly (string | number)[];
  /** Not these classes, whether or not `classes` names them. */
  readonly exclude?: readonly (string | number)[];
  /** Whether boxes of different classes suppress one another. Default `false`. */
  readonly agnosticNms?: boolean;
  /** Ends the work before the photo is decoded or before the network runs; what is thrown is the signal's reason. */
  readonly signal?: AbortSignal;
}

/** How to look at frames. */
export interface StreamOptions extends DetectOptions {
  /** Which frames to pass over while another is looked at: all but the newest (`"oldest"`), or none. Default `"none"`. */
  readonly drop?: "oldest" | "none";
}
