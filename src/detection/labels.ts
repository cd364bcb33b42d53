/**
 * Which classes of a model count.
 *
 * @module
 */

import { OptionError } from "../errors.ts";
import type { Label, ModelInfo } from "../graph/model_info.ts";
import { nearest } from "../nearest.ts";

/** A class with its place among the named ones. */
export interface IndexedLabel extends Label {
  readonly classId: number;
}

/** Labels by output column without the background; columns that no class uses have none. A model without labels counts its classes. */
export function indexLabels(labels: ModelInfo["labels"], columns: number): (IndexedLabel | undefined)[] {
  let next = 0;
  return (labels ?? Array.from({ length: columns }, (_, i) => ({ name: `class ${i}`, categoryId: i })))
    .map((label) => label ? { ...label, classId: next++ } : undefined);
}

/**
 * Class ids of labels and ids given by a user.
 *
 * @throws {OptionError} If one does not exist; the nearest name is suggested. If they are no list.
 */
export function selectClasses(
  wanted: readonly (string | number)[],
  labels: readonly (IndexedLabel | undefined)[],
): Set<number> {
  const listed = Array.isArray(wanted) &&
    wanted.every((item) => typeof item === "string" || typeof item === "number");
  if (!listed) {
    throw new OptionError(`classes must be a list of names and ids, not ${JSON.stringify(wanted)}`);
  }
  const known = labels.filter((label) => label !== undefined);
  return new Set(wanted.map((item) => {
    const label = known.find((candidate) =>
      typeof item === "number"
        ? candidate.classId === item
        : candidate.name.toLowerCase() === item.toLowerCase()
    );
    if (label) return label.classId;
    const hint = typeof item === "string"
      ? nearest(item.toLowerCase(), known.map(({ name }) => name))
      : undefined;
    throw new OptionError(
      `Unknown class ${JSON.stringify(item)}; ${
        hint
          ? `did you mean "${hint}"?`
          : `the model knows ${known.length} classes, ids 0 to ${known.length - 1}`
      }`,
    );
  }));
}
