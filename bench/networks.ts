/**
 * Networks on this machine, with one thread and more: `deno task bench [MODEL…]`. Every network of the zoo when none is named; nothing is fetched for
 * those that are built in code. Each network and number of threads has a process of its own (`networks/measure.ts`).
 *
 * @module
 */

import { fromFileUrl } from "@std/path";
import { networks } from "../models/networks.ts";
import { ZOO } from "../models/zoo.ts";
import { note } from "../src/cli/output.ts";
import { isCached } from "../src/cli/weights.ts";
import { HostError } from "../src/errors.ts";
import { HELP, type NetworksFlags, parseNetworksFlags } from "./networks/flags.ts";
import { openGraph } from "./networks/open.ts";
import { drawBars } from "./support/chart.ts";
import { runCommand } from "./support/command.ts";
import { type NetworkData, networksChart, type NetworksData, networksTable } from "./support/networks.ts";
import { describe, report, resultOf } from "./support/results.ts";

const MEASURE = fromFileUrl(new URL("networks/measure.ts", import.meta.url));

/** The users' own configuration: `bench/deno.json` would fetch all packages of development. */
const CONFIG = fromFileUrl(new URL("../deno.json", import.meta.url));

/** Every network of the zoo, those with weights to fetch only where they have been. */
async function wholeZoo(): Promise<string[]> {
  const fetched: string[] = [];
  for (const { name } of ZOO) {
    if (await isCached(name)) fetched.push(name);
    else note(`${name} is left out: its weights are not here, deno task pull fetches them`);
  }
  return [...fetched, ...Object.keys(networks)];
}

async function measure(model: string, threads: number, seconds: number): Promise<NetworkData> {
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--config", CONFIG, MEASURE, model, String(threads), String(seconds)],
    stderr: "inherit",
  }).output();
  if (!success) throw new HostError(`Cannot measure ${model} with ${threads} threads: its process failed`);
  return JSON.parse(new TextDecoder().decode(stdout));
}

async function bench({ models, threads, seconds, chart, ...flags }: NetworksFlags): Promise<void> {
  for (const model of models) await openGraph(model, { quiet: flags.json });
  const names = models.length > 0 ? models : await wholeZoo();
  const measured: NetworkData[] = [];
  for (const [i, name] of names.entries()) {
    note(`${i + 1} of ${names.length}: ${name}`);
    for (const count of threads) measured.push(await measure(name, count, seconds));
  }
  const data: NetworksData = { networks: measured };
  const result = resultOf("networks", data);
  const drawn = drawBars(networksChart(data, describe(result)));
  if (chart !== undefined) await Deno.writeTextFile(chart, drawn);
  await report(result, networksTable(data), flags, drawn);
}

await runCommand(async () => {
  const flags = parseNetworksFlags(Deno.args);
  if (flags) await bench(flags);
  else console.log(HELP);
});
