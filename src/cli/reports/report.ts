/**
 * What every output format is: a way to print photos one after the other.
 *
 * @module
 */

import type { DetectResult } from "../../detection/types.ts";

/** One photo and what was found in it. */
export interface Photo {
  /** What the photo is called: path, URL or `stdin`. */
  readonly source: string;
  /** What the detector says of it. */
  readonly result: DetectResult;
}

/** A document in the making: `begin`, then `photo` for each that could be read, then `end`. */
export interface Report {
  /** Text before the first photo. */
  begin?(): string;
  /** Text of one photo. */
  photo(photo: Photo): string;
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
