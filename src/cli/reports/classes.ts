/**
 * Classes of photos in every format.
 *
 * @module
 */

import type { ClassifyResult } from "../../detection/classifier.ts";
import { round, roundSpeed } from "../../detection/to_json.ts";
import type { Form } from "./report.ts";

/** The likeliest classes, best first, each with its probability. */
export const classes: Form<ClassifyResult> = {
  json: ({ width, height, model, classes, speed }) => ({
    width,
    height,
    model,
    classes: classes.map(({ label, classId, categoryId, score }) => ({
      label,
      classId,
      categoryId,
      score: round(score, 4),
    })),
    speed: roundSpeed(speed),
  }),
  summary: ({ classes }) => classes.map(({ label, score }) => `${label} ${score.toFixed(2)}`).join(", "),
  columns: ["label", "classId", "categoryId", "score"],
  rows: ({ classes }) =>
    classes.map(({ label, classId, categoryId, score }) => [label, classId, categoryId, round(score, 4)]),
  coco: ({ classes }) =>
    classes.map(({ categoryId, score }) => ({ category_id: categoryId, score: round(score, 4) })),
  yolo: ({ classes }) => classes.map(({ label, score }) => `${score.toFixed(4)} ${label}`),
};
