/**
 * What the entry files have in common: parse, do, tell what went wrong, end with a status.
 *
 * @module
 */

import { note, print } from "./output.ts";
import { commandWith, missingPermission, type PermissionName } from "./permissions.ts";
import { isUsageError, reasonOf } from "./reason.ts";

/** How a run ended. */
export interface Outcome {
  /** Sources that failed; each has been complained of. */
  readonly failed: number;
  /** Permissions for lack of which they did. */
  readonly missing: readonly PermissionName[];
}

/** What a parsed command line has at least. */
export interface VerbArguments {
  /** What to do: the program's own work, or `help`, `version` or `list-models`. */
  readonly action: string;
}

/** A program of the command line. */
export interface Verb<Args extends VerbArguments> {
  /** Reads the command line; throws an `OptionError` where it is wrong. */
  parse(args: readonly string[]): Args;
  /** Permissions that a run needs. */
  permissions(args: Args): PermissionName[];
  /** The page that `--help` prints. */
  help(): Promise<string>;
  /** Does the work. */
  run(args: Args): Promise<Outcome>;
}

/** Does what the command line says and gives the exit status: 0 done, 1 something failed, 2 wrong usage. */
export async function runVerb<Args extends VerbArguments>(
  args: readonly string[],
  verb: Verb<Args>,
): Promise<number> {
  let needed: PermissionName[] = ["read"];
  try {
    const parsed = verb.parse(args);
    needed = verb.permissions(parsed);
    const { failed, missing } = await perform(parsed, verb);
    if (missing.length > 0) note(`Run it as: ${commandWith([...needed, ...missing], args)}`);
    return failed > 0 ? 1 : 0;
  } catch (error) {
    const missing = missingPermission(error);
    note(reasonOf(error));
    if (missing) note(`Run it as: ${commandWith([...needed, missing], args)}`);
    return isUsageError(error) ? 2 : 1;
  }
}

async function perform<Args extends VerbArguments>(args: Args, verb: Verb<Args>): Promise<Outcome> {
  switch (args.action) {
    case "help":
      print(await verb.help());
      break;
    case "version":
      print(`simdet ${(await import("../../deno.json", { with: { type: "json" } })).default.version}\n`);
      break;
    case "list-models":
      print(await (await import("./list_models.ts")).modelTable());
      break;
    default:
      return await verb.run(args);
  }
  return { failed: 0, missing: [] };
}
