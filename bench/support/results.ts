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
  /** Processors that the system shows. */
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

/** Name of an ARM board, whose processor has no name of its own, e.g. `Raspberry Pi 5 Model B Rev 1.0`. */
function boardName(): string | undefined {
  try {
    return Deno.readTextFileSync("/proc/device-tree/model").replace(/\0+$/, "");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** The machine that this runs on. */
export function thisHost(): Host {
  const processors = cpus();
  const model = processors[0]?.model.trim();
  return {
    cpu: model && model !== "unknown" ? model : boardName() ?? "unknown",
    cores: processors.length,
    system: `${Deno.build.os} ${Deno.build.arch}`,
    deno: Deno.version.deno,
    v8: Deno.version.v8,
  };
}

/** A result of this machine and this day. */
export function resultOf<Data>(benchmark: string, data: Data): Result<Data> {
  const date = new Date().toISOString().slice(0, 10);
  return { benchmark, simdet: config.version, date, host: thisHost(), data };
}

/** Prints a result, as JSON or as the text given, and keeps it, with its chart if it has one, if the flags say so. */
export async function report(
  result: Result<unknown>,
  text: string,
  { json, save }: Pick<Flags, "json" | "save">,
  chart?: string,
): Promise<void> {
  const { benchmark, host } = result;
  const file = JSON.stringify(result, undefined, 2) + "\n";
  console.log(json ? file.trimEnd() : `${text}\n\n${describe(result)}`);
  if (!save) return;
  const folder = new URL(
    `${host.cpu.toLowerCase().replace(/[^a-z0-9]+/g, "-")}-${Deno.build.arch}/`,
    RESULTS,
  );
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(new URL(`${benchmark}.json`, folder), file);
  if (chart !== undefined) await Deno.writeTextFile(new URL(`${benchmark}.svg`, folder), chart);
}

/** One line on where a result comes from. */
export function describe({ simdet, date, host }: Result<unknown>): string {
  const cores = `${host.cores} core${host.cores > 1 ? "s" : ""}`;
  return `Simdet ${simdet}, Deno ${host.deno} (V8 ${host.v8}), ${host.cpu} (${host.system}, ${cores}), ${date}`;
}
