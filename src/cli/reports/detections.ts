/**
 * Detections in every format.
 *
 * @module
 */

import { toJson } from "../../detection/to_json.ts";
import type { DetectResult } from "../../detection/types.ts";
import type { Form } from "./report.ts";

/** Boxes: pixels from the top left corner; in YOLO's files centres, as fractions of the photo. */
export const detections: Form<DetectResult> = {
  json: toJson,
  summary({ detections }): string {
    if (detections.length === 0) return "no detections";
    const byClass = Object.entries(Object.groupBy(detections, ({ classId }) => classId));
    return byClass.map(([, found = []]) => `${found.length} ${found[0].label}${found.length > 1 ? "s" : ""}`)
      .join(", ");
  },
  columns: ["label", "classId", "categoryId", "score", "x", "y", "width", "height"],
  rows: (result) =>
    toJson(result).detections.map((
      { label, classId, categoryId, score, box },
    ) => [label, classId, categoryId, score, box.x, box.y, box.width, box.height]),
  coco: (result) =>
    toJson(result).detections.map(({ categoryId, box, score }) => ({
      category_id: categoryId,
      bbox: [box.x, box.y, box.width, box.height],
      score,
    })),
  yolo: ({ width, height, detections }) =>
    detections.map(({ classId, score, box }) => {
      const center = [(box.x + box.width / 2) / width, (box.y + box.height / 2) / height];
      const size = [box.width / width, box.height / height];
      const place = [...center, ...size].map((value) => value.toFixed(6));
      return [classId, ...place, score.toFixed(4)].join(" ");
    }),
};
