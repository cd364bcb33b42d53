/**
 * From the name of a format to its report.
 *
 * @module
 */

import type { Format } from "../args.ts";
import type { Report, ReportOptions } from "./report.ts";

/** Makes the report of a format; loads that one's code only. */
export async function createReport(format: Format, options: ReportOptions): Promise<Report> {
  switch (format) {
    case "text":
      return (await import("./text.ts")).textReport(options);
    case "json":
      return (await import("./json.ts")).jsonReport();
    case "jsonl":
      return (await import("./jsonl.ts")).jsonlReport();
    case "csv":
      return (await import("./csv.ts")).csvReport();
    case "coco":
      return (await import("./coco.ts")).cocoReport();
    case "yolo":
      return (await import("./yolo.ts")).yoloReport(options);
  }
}
