/**
 * The command line of `deno task bench`.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { OptionError } from "../../src/errors.ts";
import { parseNumber, THREADS } from "../../src/options.ts";
import { autoThreads } from "../../src/runtime/threads.ts";

/** What `deno task bench` is asked for. */
export interface NetworksFlags {
  /** Names or files; all networks of the zoo when empty. */
  readonly models: readonly string[];
  /** Numbers of threads, one after the other. */
  readonly threads: readonly number[];
  /** Time for each network with each number of threads, a third of it to warm up. */
  readonly seconds: number;
  /** Whether to print JSON in place of the table. */
  readonly json: boolean;
  /** Whether to keep result and chart under `bench/results/`. */
  readonly save: boolean;
  /** Where to write the chart. */
  readonly chart?: string;
}

/** One of each kind: depthwise, dense, 3x3 through Winograd, and two detectors. */
const QUICK = ["mobilenetv2", "peleenet", "vovnet27-slim", "mobilenetv2-ssdlite-voc", "pelee-voc"];

/** The page that `--help` prints. */
export const HELP = `Times networks: deno task bench [MODEL…]

MODEL is a name of --list-models or a model file; every network of the zoo when left out.

  --quick       five networks, one thread and all of them, 1 second each
  --threads N   most threads, default ${autoThreads()}
  --seconds S   time for each network and number of threads, default 2; 5 runs at least
  --chart FILE  draw the medians as an SVG file
  --json        print JSON instead of a table
  --save        keep result and chart under bench/results/
`;

/**
 * Reads the command line; `undefined` where it asks for help.
 *
 * @throws {OptionError} If a flag is unknown, or a number is out of range.
 */
export function parseNetworksFlags(args: readonly string[]): NetworksFlags | undefined {
  const flags = parseArgs([...args], {
    boolean: ["quick", "json", "save", "help"],
    string: ["threads", "seconds", "chart", "_"],
    unknown: (flag: string, key?: string): void => {
      if (key !== undefined) throw new OptionError(`Unknown flag ${flag}; --help lists the known ones`);
    },
  });
  if (flags.help) return undefined;
  if (flags.chart !== undefined && !/\.svg$/i.test(flags.chart)) {
    throw new OptionError(`--chart must be the name of an .svg file, not ${JSON.stringify(flags.chart)}`);
  }
  const most = parseNumber("--threads", flags.threads ?? String(autoThreads()), THREADS);
  const given = flags._.map(String);
  return {
    models: flags.quick && given.length === 0 ? QUICK : given,
    threads: flags.quick ? [...new Set([1, most])] : Array.from({ length: most }, (_, i) => i + 1),
    seconds: parseNumber("--seconds", flags.seconds ?? (flags.quick ? "1" : "2"), { min: 0 }),
    json: flags.json,
    save: flags.save,
    chart: flags.chart,
  };
}
