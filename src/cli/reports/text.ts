/**
 * The report for people: one line a photo, then where the time went.
 *
 * @module
 */

import type { Detection, Speed } from "../../detection/types.ts";
import type { Photo, Report, ReportOptions } from "./report.ts";

const STAGES = ["decode", "preprocess", "inference", "postprocess"] as const;

/** Lines such as `street.jpg: 640x480 2 persons, 1 dog, 31.2ms` (inference), then the mean time of each stage. */
export function textReport({ quiet }: Pick<ReportOptions, "quiet">): Report {
  const speeds: Speed[] = [];
  return {
    photo({ source, result }: Photo): string {
      speeds.push(result.speed);
      const { width, height, detections, speed } = result;
      return `${source}: ${width}x${height} ${count(detections)}, ${speed.inference.toFixed(1)}ms\n`;
    },
    end(): string {
      if (quiet || speeds.length === 0) return "";
      const means = STAGES.map((stage) => {
        const total = speeds.reduce((sum, speed) => sum + speed[stage], 0);
        return `${(total / speeds.length).toFixed(1)}ms ${stage}`;
      });
      return `Speed: ${means.join(", ")} per image\n`;
    },
  };
}

/** `2 persons, 1 dog`, in the order of class ids. */
function count(detections: readonly Detection[]): string {
  if (detections.length === 0) return "no detections";
  const byClass = Object.entries(Object.groupBy(detections, ({ classId }) => classId));
  return byClass.map(([, found = []]) => `${found.length} ${found[0].label}${found.length > 1 ? "s" : ""}`)
    .join(", ");
}
