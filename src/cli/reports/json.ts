/**
 * One JSON array, one element a photo.
 *
 * @module
 */

import { JsonArray } from "./json_array.ts";
import type { Form, Report, Result } from "./report.ts";

/** An array of `{ source, width, height, model, detections or classes, speed }`. */
export function jsonReport<R extends Result>(form: Form<R>): Report<R> {
  const array = new JsonArray();
  return {
    begin: (): string => array.begin(),
    photo: ({ source, result }): string => array.add([{ source, ...form.json(result) }]),
    end: (): string => array.end(),
  };
}
