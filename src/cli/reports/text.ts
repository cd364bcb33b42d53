/**
 * The report for people: one line a photo, then where the time went.
 *
 * @module
 */

import type { Speed } from "../../detection/types.ts";
import { oneLine } from "../output.ts";
import type { Form, Report, ReportOptions, Result } from "./report.ts";

const STAGES = ["decode", "preprocess", "inference", "postprocess"] as const;

/** Lines such as `street.jpg: 640x480 2 persons, 1 dog, 31.2ms` (inference), then the mean time of each stage. */
export function textReport<R extends Result>(
  form: Form<R>,
  { quiet }: Pick<ReportOptions, "quiet">,
): Report<R> {
  const speeds: Speed[] = [];
  return {
    photo({ source, result }): string {
      const { width, height, speed } = result;
      speeds.push(speed);
      const found = `${source}: ${width}x${height} ${form.summary(result)}`;
      return `${oneLine(found)}, ${speed.inference.toFixed(1)}ms\n`;
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
