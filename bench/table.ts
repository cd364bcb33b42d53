/**
 * The tables of README.md and docs/benchmarks.md, from the results kept: `deno task bench:table [--save]`.
 *
 * @module
 */

import { parseArgs } from "@std/cli/parse-args";
import { OptionError } from "../src/errors.ts";
import { runCommand } from "./support/command.ts";
import { putIntoPage } from "./support/docs.ts";
import { otherTables, readMachines, readmeTables } from "./support/machines.ts";

await runCommand(async () => {
  const { save } = parseArgs(Deno.args, {
    boolean: ["save"],
    unknown: (argument: string): void => {
      throw new OptionError(
        `Unknown argument ${argument}; there is --save, which puts the tables into the pages`,
      );
    },
  });
  const machines = await readMachines();
  const pages = { "README.md": readmeTables(machines), "docs/benchmarks.md": otherTables(machines) };
  for (const [page, tables] of Object.entries(pages)) {
    if (save) await putIntoPage(page, "table", tables);
    else console.log(`${page}:\n\n${tables}\n`);
  }
});
