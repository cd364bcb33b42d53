#!/usr/bin/env -S deno run --allow-read
/**
 * Finds objects in photos: `deno run --allow-read detect.ts photo.jpg`; `--help` lists the flags.
 *
 * @module
 */

import { type Arguments, parseArguments } from "./src/cli/args.ts";
import { note, print } from "./src/cli/output.ts";
import { commandWith, missingPermission, type PermissionName } from "./src/cli/permissions.ts";
import { isUsageError, reasonOf } from "./src/cli/reason.ts";
import { isUrl } from "./src/cli/sources.ts";

/** Does what the command line says and gives the exit status: 0 done, 1 something failed, 2 wrong usage. */
async function main(args: readonly string[]): Promise<number> {
  let needed: PermissionName[] = ["read"];
  try {
    const parsed = parseArguments(args);
    needed = permissionsOf(parsed);
    const { failed, missing } = await perform(parsed);
    if (missing.length > 0) note(`Run it as: ${commandWith([...needed, ...missing], args)}`);
    return failed > 0 ? 1 : 0;
  } catch (error) {
    const missing = missingPermission(error);
    note(reasonOf(error));
    if (missing) note(`Run it as: ${commandWith([...needed, missing], args)}`);
    return isUsageError(error) ? 2 : 1;
  }
}

async function perform(args: Arguments): Promise<{ failed: number; missing: readonly PermissionName[] }> {
  switch (args.action) {
    case "detect":
      return await (await import("./src/cli/run.ts")).detect(args);
    case "help":
      print((await import("./src/cli/help.ts")).HELP);
      break;
    case "version":
      print(`simdet ${(await import("./deno.json", { with: { type: "json" } })).default.version}\n`);
      break;
    case "list-models":
      print(await (await import("./src/cli/list_models.ts")).listModels());
      break;
  }
  return { failed: 0, missing: [] };
}

function permissionsOf({ sources, save }: Arguments): PermissionName[] {
  return [
    "read",
    ...sources.some(isUrl) ? ["net" as const] : [],
    ...save === undefined ? [] : ["write" as const],
  ];
}

if (import.meta.main) Deno.exit(await main(Deno.args));
