/**
 * JSON lines: one object a photo, for pipes that read while photos are still being looked at.
 *
 * @module
 */

import { toJson } from "../../detection/to_json.ts";
import type { Report } from "./report.ts";

/** The elements of the JSON report, each on a line of its own. */
export function jsonlReport(): Report {
  return { photo: ({ source, result }): string => JSON.stringify({ source, ...toJson(result) }) + "\n" };
}
