/**
 * COCO's results format, as pycocotools loads it.
 *
 * @module
 */

import { baseName } from "../sources.ts";
import { JsonArray } from "./json_array.ts";
import type { Form, Report, Result } from "./report.ts";

/** One array of `{ image_id, category_id, bbox: [x, y, width, height], score }`; boxes in pixels, classes without. */
export function cocoReport<R extends Result>(form: Form<R>): Report<R> {
  const array = new JsonArray();
  return {
    begin: (): string => array.begin(),
    photo({ source, result }): string {
      const image_id = imageId(source);
      return array.add(form.coco(result).map((entry) => ({ image_id, ...entry })));
    },
    end: (): string => array.end(),
  };
}

/**
 * COCO's number of an image (`000000000086.jpg`, `COCO_val2014_000000000086.jpg` -> 86), or the name without folder
 * and ending where it has none.
 */
function imageId(source: string): number | string {
  const stem = baseName(source).replace(/\.\w+$/, "");
  const id = Number(/^(?:COCO_\w+?_)?(\d+)$/.exec(stem)?.[1]);
  return Number.isSafeInteger(id) ? id : stem;
}
