/**
 * Comma-separated values: one row a box.
 *
 * @module
 */

import { toJson } from "../../detection/to_json.ts";
import type { Report } from "./report.ts";

const HEADER = "source,label,classId,categoryId,score,x,y,width,height\n";

/** Rows under a header line, quoted as RFC 4180 says; boxes in pixels. */
export function csvReport(): Report {
  return {
    begin: (): string => HEADER,
    photo: ({ source, result }): string =>
      toJson(result).detections.map(({ label, classId, categoryId, score, box }) =>
        [source, label, classId, categoryId, score, box.x, box.y, box.width, box.height].map(field).join(
          ",",
        ) + "\n"
      ).join(""),
  };
}

function field(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
