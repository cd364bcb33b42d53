/**
 * What `--list-models` prints.
 *
 * @module
 */

import { ZOO } from "../../models/zoo.ts";
import { isCached } from "./weights.ts";

/** A table of the models that go by name. */
export async function listModels(): Promise<string> {
  const rows = await Promise.all(ZOO.map(async (entry) => [
    entry.name,
    entry.task,
    entry.input,
    `${(entry.parameters / 1e6).toFixed(2)} M`,
    `${(entry.macs / 1e6).toFixed(0)} M`,
    `${entry.accuracy.value} (${entry.accuracy.metric})`,
    entry.licence,
    await isCached(entry.name)
      ? "cached"
      : `npm ${entry.source.npm}, ${(entry.source.bytes / 1e6).toFixed(1)} MB`,
  ]));
  const head = ["model", "task", "input", "parameters", "MACs", "accuracy", "licence", "weights"];
  return table([head, ...rows]);
}

/** Left-aligned columns. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) => row.map((cell, c) => cell.padEnd(widths[c])).join("  ").trimEnd() + "\n").join("");
}
