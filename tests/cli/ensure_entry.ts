/** Gets a model as the command line does, in a process of its own; its one argument is the JSON of entry, folder and registry. */
import { reasonOf } from "../../src/cli/reason.ts";
import { ensureEntry } from "../../src/cli/weights.ts";

const { entry, ...options } = JSON.parse(Deno.args[0]);
try {
  console.log((await ensureEntry(entry, options)).length);
} catch (error) {
  console.error(reasonOf(error));
  Deno.exitCode = 1;
}
