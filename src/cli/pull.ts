/**
 * Fetches the weights of models, so that everything else runs offline: `deno task pull [NAME...]`.
 *
 * @module
 */

import { format } from "@std/fmt/bytes";
import { DEFAULT_MODEL } from "../../models/zoo.ts";
import { Detector } from "../detection/detector.ts";
import { note } from "./output.ts";
import { withProgram } from "./programs.ts";
import { isUsageError, reasonOf } from "./reason.ts";
import { ensureModel, modelPath } from "./weights.ts";

async function main(names: readonly string[]): Promise<number> {
  try {
    for (const name of names.length > 0 ? names : [DEFAULT_MODEL]) {
      const { length } = await ensureModel(name);
      // A program of an earlier release is made anew.
      await withProgram(name, {}, async (source) => (await Detector.load(source)).dispose());
      note(`${name}: ${await modelPath(name)}, ${format(length)}`);
    }
    return 0;
  } catch (error) {
    note(reasonOf(error));
    return isUsageError(error) ? 2 : 1;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
