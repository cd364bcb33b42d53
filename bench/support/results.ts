/**
 * Results with the machine they come from: printed, and kept as `bench/results/<cpu>/<benchmark>.json`.
 *
 * @module
 */

import { cpus } from "node:os";
import config from "../../deno.json" with { type: "json" };
import type { Flags } from "./flags.ts";

/** Where results are kept. */
export const RESULTS = new URL("../results/", import.meta.url);

/** What a result depends on beside the code measured. */
export interface Host {
  readonly cpu: string;
  /** Processors that the system shows; benchmarks use one. */
  readonly cores: number;
  /** System and architecture, e.g. `linux x86_64`. */
  readonly system: string;
  readonly deno: string;
  readonly v8: string;
}

/** One run of one benchmark. */
export interface Result<Data> {
  readonly benchmark: string;
  /** Version of Simdet. */
  readonly simdet: string;
  /** Day of the run, `2026-01-31`. */
  readonly date: string;
  readonly host: Host;
  readonly data: Data;
}

/** The machine that this runs on. */
export function thisHost(): Host {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() || "unknown",
    cores: processors.length,
    system: `${Deno.build.os} ${Deno.build.arch}`,
    deno: Deno.version.deno,
    v8: Deno.version.v8,
  };
}

/** Prints a result, as JSON or as the text given, and keeps it if the flags say so. */
export async function report<Data>(
  benchmark: string,
  data: Data,
  text: string,
  { json, save }: Flags,
): Promise<void> {
  const host = thisHost();
  const date = new Date().toISOString().slice(0, 10);
  const result: Result<Data> = { benchmark, simdet: config.version, date, host, data };
  const file = JSON.stringify(result, undefined, 2) + "\n";
  console.log(json ? file.trimEnd() : `${text}\n\n${describe(result)}`);
  if (!save) return;
  const folder = new URL(
    `${host.cpu.toLowerCase().replace(/[^a-z0-9]+/g, "-")}-${Deno.build.arch}/`,
    RESULTS,
  );
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(new URL(`${benchmark}.json`, folder), file);
}

/** One line on where a result comes from. */
export function describe({ simdet, date, host }: Result<unknown>): string {
  return `Simdet ${simdet}, Deno ${host.deno} (V8 ${host.v8}), ${host.cpu} (${host.system}), one thread, ${date}`;
}
