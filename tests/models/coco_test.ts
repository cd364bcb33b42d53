import { assertEquals } from "@std/assert";
import { COCO_COLUMNS, COCO_LABELS } from "../../models/coco.ts";

Deno.test("COCO has 80 classes of different names, by rising category", () => {
  assertEquals(COCO_LABELS.length, 80);
  assertEquals(new Set(COCO_LABELS.map(({ name }) => name)).size, 80);
  const ids = COCO_LABELS.map(({ categoryId }) => categoryId);
  assertEquals(ids, ids.toSorted((a, b) => a - b));
});

Deno.test("class ids and category ids agree with the data set's", () => {
  const known: readonly [classId: number, categoryId: number, name: string][] = [
    [0, 1, "person"],
    [11, 13, "stop sign"],
    [16, 18, "dog"],
    [24, 27, "backpack"],
    [39, 44, "bottle"],
    [60, 67, "dining table"],
    [62, 72, "tv"],
    [67, 77, "cell phone"],
    [79, 90, "toothbrush"],
  ];
  for (const [classId, categoryId, name] of known) assertEquals(COCO_LABELS[classId], { categoryId, name });
});

Deno.test("columns are categories, with null for the ten that no one annotated", () => {
  assertEquals(COCO_COLUMNS.length, 90);
  const missing = COCO_COLUMNS.flatMap((label, i) => label === null ? [i + 1] : []);
  assertEquals(missing, [12, 26, 29, 30, 45, 66, 68, 69, 71, 83]);
  for (const [i, label] of COCO_COLUMNS.entries()) if (label) assertEquals(label.categoryId, i + 1);
  assertEquals(COCO_COLUMNS.filter((label) => label !== null), COCO_LABELS);
});
