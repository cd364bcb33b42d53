/**
 * One JSON array, one element a photo.
 *
 * @module
 */

import { toJson } from "../../detection/to_json.ts";
import { JsonArray } from "./json_array.ts";
import type { Report } from "./report.ts";

/** An array of `{ source, width, height, model, detections, speed }`. */
export function jsonReport(): Report {
  const array = new JsonArray();
  return {
    begin: (): string => array.begin(),
    photo: ({ source, result }): string => array.add([{ source, ...toJson(result) }]),
    end: (): string => array.end(),
  };
}
