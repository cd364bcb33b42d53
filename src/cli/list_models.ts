/**
 * What `--list-models` prints.
 *
 * @module
 */

import { ZOO } from "../../models/zoo.ts";
import { table } from "./table.ts";
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
