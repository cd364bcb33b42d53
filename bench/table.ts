/**
 * The README's tables, from the results kept: `deno task bench:table`.
 *
 * @module
 */

import { type Comparisons, ratioTable } from "./support/comparison.ts";
import { type KernelsData, kindsTable } from "./support/kinds.ts";
import { type NetworksData, networksTable } from "./support/onnxruntime.ts";
import { describe, type Result, RESULTS } from "./support/results.ts";

const machines = (await Array.fromAsync(Deno.readDir(RESULTS))).filter(({ isDirectory }) => isDirectory);
for (const { name } of machines.sort((a, b) => a.name < b.name ? -1 : 1)) {
  const read = async <Data>(benchmark: string): Promise<Result<Data>> =>
    JSON.parse(await Deno.readTextFile(new URL(`${name}/${benchmark}.json`, RESULTS)));
  const peers = await read<Comparisons>("peers");
  const process = await read<Comparisons>("process");
  const kernels = await read<KernelsData>("kernels");
  const networks = await read<NetworksData>("onnxruntime");
  console.log([
    ratioTable(peers.data),
    ratioTable(process.data),
    networksTable(networks.data),
    kindsTable(kernels.data.kinds),
    `${describe(peers)}.`,
    "",
  ].join("\n\n"));
}
