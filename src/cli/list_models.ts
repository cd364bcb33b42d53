/**
 * What `--list-models` prints.
 *
 * @module
 */

import { describeModels, type ModelListing } from "../../models/list.ts";
import { table } from "./table.ts";
import { isCached } from "./weights.ts";

const HEAD = ["model", "task", "input", "parameters", "MACs", "accuracy", "licence", "weights"];

async function weightsOf({ name, weights, fetch, bytes = 0 }: Omit<ModelListing, "cached">): Promise<string> {
  switch (weights) {
    case "npm":
      return await isCached(name) ? "cached" : `npm ${fetch}, ${(bytes / 1e6).toFixed(1)} MB`;
    case "authors":
      return "its authors', see below";
    case "none":
      return "none published";
  }
}

/** A table of the models that go by name, and the commands that fetch weights from their authors. */
export async function modelTable(): Promise<string> {
  const models = describeModels();
  const rows = await Promise.all(models.map(async (model) => [
    model.name,
    model.task,
    model.input,
    `${(model.parameters / 1e6).toFixed(2)} M`,
    `${(model.macs / 1e6).toFixed(0)} M`,
    model.accuracy ? `${model.accuracy.value} (${model.accuracy.metric})` : "",
    model.licence,
    await weightsOf(model),
  ]));
  const commands = models.filter(({ weights }) => weights === "authors").map((model) => {
    const { name, task, fetch, file, flags } = model;
    const given = flags === undefined ? file : `${file} ${flags}`;
    return `${name}\n  ${fetch}\n  deno run --allow-read ${task}.ts --model ${given} PHOTO\n`;
  });
  return `${table([HEAD, ...rows])}
Weights that are to be fetched from their authors:

${commands.join("")}
Any network can be timed without weights: deno task bench NAME
`;
}
