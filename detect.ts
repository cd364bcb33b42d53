#!/usr/bin/env -S deno run --allow-read
/**
 * Finds objects in photos: `deno run --allow-read detect.ts photo.jpg`; `--help` lists the flags.
 *
 * @module
 */

import { parseArguments } from "./src/cli/args.ts";
import { photoPermissions } from "./src/cli/photo_args.ts";
import { runVerb } from "./src/cli/verb.ts";

if (import.meta.main) {
  Deno.exit(
    await runVerb(Deno.args, {
      parse: parseArguments,
      permissions: (
        args,
      ) => [...photoPermissions(args), ...args.save === undefined ? [] : ["write" as const]],
      help: async () => (await import("./src/cli/help.ts")).DETECT_HELP,
      run: async (args) => await (await import("./src/cli/detect.ts")).detect(args),
    }),
  );
}
