#!/usr/bin/env -S deno run --allow-read --allow-write
/**
 * Converts a model of any known format into one file of ours: `deno run --allow-read --allow-write convert.ts model.onnx -o model.safetensors`;
 * `--help` lists the flags.
 *
 * @module
 */

import { parseConvertArguments } from "./src/cli/convert_args.ts";
import { isUrl } from "./src/cli/sources.ts";
import { runVerb } from "./src/cli/verb.ts";

if (import.meta.main) {
  Deno.exit(
    await runVerb(Deno.args, {
      parse: parseConvertArguments,
      permissions: ({ model }) => ["read", "write", ...isUrl(model) ? ["net" as const] : []],
      help: async () => (await import("./src/cli/help.ts")).CONVERT_HELP,
      run: async (args) => await (await import("./src/cli/convert.ts")).convert(args),
    }),
  );
}
