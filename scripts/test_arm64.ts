/**
 * The tests of kernels and the golden tests of networks on Deno for arm64, under an emulator: `deno task test:arm64`, `--quick` for a part of them, or test files
 * of one's own choice. Runs on a Cortex-A72 (no dot product) and on a Neoverse N1 (with it).
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { HostError, OptionError } from "../src/errors.ts";
import { arm64Command } from "./arm64.ts";

const KERNELS = ["tests/asm/", "tests/kernels/"], NETWORKS = ["tests/models/golden_test.ts"];
/** Tests of networks that take seconds rather than minutes. */
const SMALL = "--filter=/^(invented|peleenet|mobilenetv2 |mobilenetv1-025|shufflenet)/";

const flags = parseArgs(Deno.args, {
  boolean: ["quick"],
  unknown: (argument: string, key?: string): void => {
    if (key !== undefined) throw new OptionError(`Unknown flag ${argument}; the only one is --quick`);
  },
});
const chosen = flags._.map(String);
const runs: [cpu: string, args: string[]][] = chosen.length > 0
  ? [["cortex-a72", chosen], ["neoverse-n1", chosen]]
  : flags.quick
  ? [["cortex-a72", KERNELS], ["neoverse-n1", [...NETWORKS, SMALL]]]
  : [["cortex-a72", [...KERNELS, ...NETWORKS]], ["neoverse-n1", KERNELS], ["neoverse-n1", [
    ...NETWORKS,
    SMALL,
  ]]];

try {
  let failed = false;
  for (const [cpu, tests] of runs) {
    const { command, args } = await arm64Command(cpu);
    console.log(`Deno for arm64 on ${cpu}: ${tests.join(" ")}`);
    const { success } = await new Deno.Command(command, {
      args: [...args, "test", "-A", "--no-check", "--config=bench/deno.json", ...tests],
      cwd: new URL("..", import.meta.url),
    }).spawn().status;
    failed ||= !success;
  }
  if (failed) Deno.exit(1);
} catch (error) {
  if (!(error instanceof HostError)) throw error;
  console.error(error.message);
  Deno.exit(1);
}
