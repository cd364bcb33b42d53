/**
 * YOLO's text files.
 *
 * @module
 */

import { oneLine } from "../output.ts";
import type { Form, Report, ReportOptions, Result } from "./report.ts";

/**
 * A line a box: `class x_center y_center width height confidence`, coordinates as fractions of the photo; a line a class:
 * `probability name`. With several photos each begins with a line `# source`, also where nothing follows.
 */
export function yoloReport<R extends Result>(
  form: Form<R>,
  { photos }: Pick<ReportOptions, "photos">,
): Report<R> {
  return {
    photo({ source, result }): string {
      const lines = [...photos > 1 ? [`# ${source}`] : [], ...form.yolo(result)];
      return lines.map((line) => oneLine(line) + "\n").join("");
    },
  };
}
