/**
 * YOLO's text labels.
 *
 * @module
 */

import type { Report, ReportOptions } from "./report.ts";

/**
 * A line a box: `class x_center y_center width height confidence`, coordinates as fractions of the photo. With several
 * photos each begins with a line `# source`, also where it has no boxes.
 */
export function yoloReport({ photos }: Pick<ReportOptions, "photos">): Report {
  return {
    photo({ source, result: { width, height, detections } }): string {
      const lines = detections.map(({ classId, score, box }) => {
        const center = [(box.x + box.width / 2) / width, (box.y + box.height / 2) / height];
        const size = [box.width / width, box.height / height];
        return [classId, ...[...center, ...size].map((value) => value.toFixed(6)), score.toFixed(4)].join(
          " ",
        );
      });
      if (photos > 1) lines.unshift(`# ${source}`);
      return lines.map((line) => line + "\n").join("");
    },
  };
}
