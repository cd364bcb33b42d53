/**
 * Files of class names.
 *
 * @module
 */

import { ModelError } from "../errors.ts";
import { parsePrototxt } from "../formats/caffe/text.ts";
import type { Label } from "../graph/model_info.ts";

/** Most classes of a label map. */
const MAX_CLASSES = 100_000;

/**
 * Reads class names: one a line, where an empty line is an output that no class uses; or the label map of Caffe (`item { label: 1 display_name: "cat" }`, 0 being
 * the background) or TensorFlow (`item { id: 1 name: "cat" }`).
 *
 * @throws {ModelError} If a label map is broken.
 */
export function parseLabels(text: string): (Label | null)[] {
  const content = text.replace(/^\ufeff/, "");
  if (/^\s{0,64}item\s{0,64}:?\s{0,64}\{/.test(content)) return parseLabelMap(content);
  const lines = content.trimEnd().split(/\r?\n/).map((line) => line.trim());
  return lines.map((name, categoryId) => name === "" ? null : { name, categoryId });
}

function parseLabelMap(text: string): (Label | null)[] {
  const labels: (Label | null)[] = [];
  for (const item of parsePrototxt(text).messages("item")) {
    item.where = "an item of the label map";
    const categoryId = item.integer(item.has("id") ? "id" : "label", -1);
    const name = item.word("display_name", item.word("name"));
    if (categoryId < 0 || name === "") item.fail("its number or name is missing", "both");
    if (categoryId > MAX_CLASSES) {
      throw new ModelError(`Cannot read labels: class ${categoryId}, wanted at most ${MAX_CLASSES}`);
    }
    if (categoryId > 0) labels[categoryId - 1] = { name, categoryId };
  }
  return Array.from(labels, (label) => label ?? null);
}
