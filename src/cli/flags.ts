/**
 * Flags of a command line, by a table of those that a program knows.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { OptionError } from "../errors.ts";
import { suggestion } from "../options.ts";

/** The flags that a program knows. */
export interface FlagTable<Switch extends string, Value extends string, List extends string> {
  /** Flags without a value. */
  readonly switches: readonly Switch[];
  /** Flags with one. */
  readonly values: readonly Value[];
  /** Flags with one that may be given again. */
  readonly lists: readonly List[];
  /** Letters that stand for flags. */
  readonly aliases: Readonly<Record<string, string>>;
}

/** What was given; `_` is what no flag took. */
export type Flags<Switch extends string, Value extends string, List extends string> =
  & Record<Switch, boolean>
  & Partial<Record<Value, string>>
  & Partial<Record<List, string[]>>
  & { readonly _: readonly string[] };

/**
 * Reads a command line.
 *
 * @throws {OptionError} If a flag is unknown, or its value is missing.
 */
export function parseFlags<Switch extends string, Value extends string, List extends string>(
  args: readonly string[],
  { switches, values, lists, aliases }: FlagTable<Switch, Value, List>,
): Flags<Switch, Value, List> {
  const known = [...switches, ...values, ...lists].map((name) => `--${name}`);
  refuseValues(args, switches);
  const flags: Flags<Switch, Value, List> = parseArgs(joinNegatives(args), {
    boolean: [...switches],
    string: [...values, ...lists, "_"],
    collect: [...lists],
    alias: aliases,
    unknown: (arg: string, key?: string): void => {
      if (key === undefined) return;
      const flag = arg.split("=")[0];
      throw new OptionError(`Unknown flag ${flag}${suggestion(flag, known) || "; --help lists the flags"}`);
    },
  });
  for (const name of [...values, ...lists]) {
    const given: string | readonly string[] | undefined = flags[name];
    if ([given].flat().includes("")) throw new OptionError(`--${name} needs a value`);
  }
  return flags;
}

/** Complains of what is given to a flag without a value, which `parseArgs` would take as `true`. */
function refuseValues(args: readonly string[], switches: readonly string[]): void {
  for (const arg of args) {
    if (arg === "--") return;
    const [, name = "", value = ""] = /^--([^=]+)=(.*)$/s.exec(arg) ?? [];
    if (switches.includes(name) && !["true", "false"].includes(value)) {
      throw new OptionError(`--${name} takes no value, not ${JSON.stringify(value)}`);
    }
  }
}

/** Ties negative numbers to their flags, as `parseArgs` would not, so that their range can be complained of. */
function joinNegatives(args: readonly string[]): string[] {
  const joined: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const [arg, next] = [args[i], args[i + 1]];
    if (arg === "--") return [...joined, ...args.slice(i)];
    joined.push(/^--[a-z0-9-]+$/.test(arg) && /^-[\d.]/.test(next ?? "") ? `${arg}=${args[++i]}` : arg);
  }
  return joined;
}
