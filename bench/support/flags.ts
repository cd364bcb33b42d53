/**
 * The flags that all benchmarks take.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { OptionError } from "../../src/errors.ts";
import { parseNumber } from "../../src/options.ts";
import type { Rounds } from "./interleave.ts";

/** What the command line asks for. */
export interface Flags extends Rounds {
  /** Whether to print JSON in place of tables. */
  readonly json: boolean;
  /** Whether to keep the result under `bench/results/`. */
  readonly save: boolean;
  /** The arguments beside the flags. */
  readonly given: readonly string[];
}

/**
 * Reads the flags and at most `most` arguments; on `--help` prints `usage` and the flags, and ends the program.
 *
 * @throws {OptionError} If a flag is unknown, or a number is out of range.
 */
export function parseFlags(usage: string, defaults: Rounds, { most = 1 } = {}): Flags {
  const flags = parseArgs(Deno.args, {
    boolean: ["json", "save", "help"],
    string: ["runs", "warmup", "_"],
    default: { runs: String(defaults.runs), warmup: String(defaults.warmup) },
    unknown: (flag: string, key?: string): void => {
      if (key !== undefined) throw new OptionError(`Unknown flag ${flag}; --help lists the known ones`);
    },
  });
  if (flags.help) {
    console.log(`${usage}

  --runs N     measurements, default ${defaults.runs}
  --warmup N   runs before them that do not count, default ${defaults.warmup}
  --json       print JSON instead of tables
  --save       keep the result under bench/results/`);
    Deno.exit(0);
  }
  if (flags._.length > most) {
    throw new OptionError(`Cannot take ${flags._.length} arguments, wanted at most ${most}`);
  }
  return {
    runs: parseNumber("--runs", flags.runs, { min: 1, integer: true }),
    warmup: parseNumber("--warmup", flags.warmup, { min: 0, integer: true }),
    json: flags.json,
    save: flags.save,
    given: flags._.map(String),
  };
}
