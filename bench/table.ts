/**
 * The README's tables, from the results kept: `deno task bench:table`.
 *
 * @module
 */

import { type Comparisons, ratioTable } from "./support/comparison.ts";
import { type KernelsData, kindsTable } from "./support/kinds.ts";
import { describe, type Result, RESULTS } from "./support/results.ts";

for (
  const { name } of (await Array.fromAsync(Deno.readDir(RESULTS))).sort((a, b) => a.name < b.name ? -1 : 1)
) {
  const read = async <Data>(benchmark: string): Promise<Result<Data>> =>
    JSON.parse(await Deno.readTextFile(new URL(`${name}/${benchmark}.json`, RESULTS)));
  const peers = await read<Comparisons>("peers");
  const process = await read<Comparisons>("process");
  const kernels = await read<KernelsData>("kernels");
  console.log([
    ratioTable(peers.data),
    ratioTable(process.data),
    kindsTable(kernels.data.kinds),
    `${describe(peers)}.`,
    "",
  ].join("\n\n"));
}
