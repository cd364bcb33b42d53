/**
 * From the name of a format to its report.
 *
 * @module
 */

import type { Format } from "../photo_args.ts";
import type { Form, Report, ReportOptions, Result } from "./report.ts";

/** Makes the report of a format; loads that one's code only. */
export async function createReport<R extends Result>(
  format: Format,
  form: Form<R>,
  options: ReportOptions,
): Promise<Report<R>> {
  switch (format) {
    case "text":
      return (await import("./text.ts")).textReport(form, options);
    case "json":
      return (await import("./json.ts")).jsonReport(form);
    case "jsonl":
      return (await import("./jsonl.ts")).jsonlReport(form);
    case "csv":
      return (await import("./csv.ts")).csvReport(form);
    case "coco":
      return (await import("./coco.ts")).cocoReport(form);
    case "yolo":
      return (await import("./yolo.ts")).yoloReport(form, options);
  }
}
