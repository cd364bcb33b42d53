#!/usr/bin/env -S deno run --allow-read
/**
 * Tells what a model takes and what the compiler makes of it, without running it: `deno run --allow-read info.ts peleenet`; `--help` lists the flags.
 *
 * @module
 */

import { parseInfoArguments } from "./src/cli/info_args.ts";
import { isUrl } from "./src/cli/sources.ts";
import { runVerb } from "./src/cli/verb.ts";

if (import.meta.main) {
  Deno.exit(
    await runVerb(Deno.args, {
      parse: parseInfoArguments,
      permissions: ({ model }) => ["read", ...isUrl(model) ? ["net" as const] : []],
      help: async () => (await import("./src/cli/help.ts")).INFO_HELP,
      run: async (args) => await (await import("./src/cli/info.ts")).info(args),
    }),
  );
}
