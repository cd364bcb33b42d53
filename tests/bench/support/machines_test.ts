/** The pages show what is kept under `bench/results/`. */
import { assert, assertStringIncludes } from "@std/assert";
import { otherTables, readMachines, readmeTables } from "../../../bench/support/machines.ts";

const machines = await readMachines();
const root = new URL("../../../", import.meta.url);

/** Text of a page on one line: formatting breaks lines where it likes. */
async function page(path: string): Promise<string> {
  return oneLine(await Deno.readTextFile(new URL(path, root)));
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ");
}

Deno.test("README.md and docs/benchmarks.md show the results kept; deno task bench:table --save puts them there", async () => {
  assertStringIncludes(await page("README.md"), oneLine(readmeTables(machines)));
  assertStringIncludes(await page("docs/benchmarks.md"), oneLine(otherTables(machines)));
});

Deno.test("a chart lies beside the networks' results", async () => {
  for (const { folder, networks } of machines) {
    if (!networks) continue;
    const chart = await Deno.readTextFile(new URL(`bench/results/${folder}/networks.svg`, root));
    for (const { name } of networks.data.networks) assert(chart.includes(`>${name}</text>`), name);
  }
});
