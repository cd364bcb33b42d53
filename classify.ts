#!/usr/bin/env -S deno run --allow-read
/**
 * Says what photos show: `deno run --allow-read classify.ts --model model.safetensors photo.jpg`; `--help` lists the flags.
 *
 * @module
 */

import { parseClassifyArguments } from "./src/cli/classify_args.ts";
import { photoPermissions } from "./src/cli/photo_args.ts";
import { runVerb } from "./src/cli/verb.ts";

if (import.meta.main) {
  Deno.exit(
    await runVerb(Deno.args, {
      parse: parseClassifyArguments,
      permissions: (args) => photoPermissions(args),
      help: async () => (await import("./src/cli/help.ts")).CLASSIFY_HELP,
      run: async (args) => await (await import("./src/cli/classify.ts")).classify(args),
    }),
  );
}
