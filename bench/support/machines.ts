/**
 * All results kept, by the machine that they come from, as the pages show them.
 *
 * @module
 */

import { type Comparisons, ratioTable } from "./comparison.ts";
import { type KernelsData, kindsTable } from "./kinds.ts";
import type { NetworksData } from "./networks.ts";
import { type PeersData, peersTables } from "./peers.ts";
import { describe, type Result, RESULTS } from "./results.ts";

/** What is kept of one machine. */
export interface Machine {
  /** Folder under `bench/results/`. */
  readonly folder: string;
  readonly networks?: Result<NetworksData>;
  readonly peers?: Result<PeersData>;
  readonly process?: Result<Comparisons>;
  readonly kernels?: Result<KernelsData>;
}

async function read<Data>(folder: string, benchmark: string): Promise<Result<Data> | undefined> {
  try {
    return JSON.parse(await Deno.readTextFile(new URL(`${folder}/${benchmark}.json`, RESULTS)));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** All machines, the one compared with the peers last comes first. */
export async function readMachines(): Promise<Machine[]> {
  const folders = (await Array.fromAsync(Deno.readDir(RESULTS))).filter(({ isDirectory }) => isDirectory);
  const machines = folders.map(async ({ name: folder }): Promise<Machine> => ({
    folder,
    networks: await read(folder, "networks"),
    peers: await read(folder, "peers"),
    process: await read(folder, "process"),
    kernels: await read(folder, "kernels"),
  }));
  const date = ({ peers }: Machine) => peers?.date ?? "";
  return (await Promise.all(machines)).sort((a, b) =>
    date(b).localeCompare(date(a)) || a.folder.localeCompare(b.folder)
  );
}

/** Ratios and shares of one machine, and where they come from. */
function tablesOf({ peers, process, kernels }: Machine): string {
  const from = peers ?? process ?? kernels;
  return [
    peers && peersTables(peers.data),
    process && ratioTable(process.data),
    kernels && kindsTable(kernels.data.kinds),
    from && `${describe(from)}.`,
  ].filter((part) => part !== undefined).join("\n\n");
}

/** The README's tables: those of the first machine. */
export function readmeTables([newest]: readonly Machine[]): string {
  return tablesOf(newest);
}

/** The charts of all machines, and the tables of those that the README has not. */
export function otherTables(machines: readonly Machine[]): string {
  return machines.map((machine, i) => {
    const { folder, networks, peers } = machine;
    const { cpu, system } = (networks ?? peers)!.host;
    const chart = networks && `![Median time of every network](../bench/results/${folder}/networks.svg)`;
    return [`### ${cpu}, ${system}`, chart, i > 0 && tablesOf(machine)].filter(Boolean).join("\n\n");
  }).join("\n\n");
}
