/**
 * What every output format is: a way to print photos one after the other.
 *
 * @module
 */

import type { Speed } from "../../detection/types.ts";

/** What all results have. */
export interface Result {
  /** Width of the upright photo in pixels. */
  readonly width: number;
  /** Height of the upright photo in pixels. */
  readonly height: number;
  /** Where the time went. */
  readonly speed: Speed;
}

/** One photo and what was found in it. */
export interface Photo<R extends Result> {
  /** What the photo is called: path, URL or `stdin`. */
  readonly source: string;
  /** What the model says of it. */
  readonly result: R;
}

/** A document in the making: `begin`, then `photo` for each that could be read, then `end`. */
export interface Report<R extends Result> {
  /** Text before the first photo. */
  begin?(): string;
  /** Text of one photo. */
  photo(photo: Photo<R>): string;
  /** Text after the last photo. */
  end?(): string;
}

/** What a report may want to know before the first photo. */
export interface ReportOptions {
  /** How many photos are to come; some may fail. */
  readonly photos: number;
  /** Whether to leave out what is not a result. */
  readonly quiet: boolean;
}

/** What the formats need to know of a kind of result. */
export interface Form<R extends Result> {
  /** The result as JSON shows it. */
  json(result: R): object;
  /** What was found, in a few words. */
  summary(result: R): string;
  /** Names of the columns of `rows`. */
  readonly columns: readonly string[];
  /** Values of each finding. */
  rows(result: R): readonly (readonly (string | number)[])[];
  /** Entries of COCO's results array, without the image. */
  coco(result: R): readonly object[];
  /** Lines of YOLO's text files. */
  yolo(result: R): readonly string[];
}
