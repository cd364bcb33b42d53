/**
 * Networks with one thread and more: what is measured of them, as a table and as a chart.
 *
 * @module
 */

import type { MemorySizes } from "../../src/compiler/memory_map.ts";
import type { SessionInfo } from "../../src/runtime/session.ts";
import type { BarChart } from "./chart.ts";
import { markdownTable, percent } from "./markdown.ts";
import type { Summary } from "./stats.ts";

/** One network with one number of threads, in a process of its own. Times in milliseconds. */
export interface NetworkData {
  readonly name: string;
  /** Threads that took part. */
  readonly threads: number;
  readonly precision: SessionInfo["precision"];
  readonly simd: SessionInfo["simd"];
  /** Processor whose register tiles the kernels have. */
  readonly arch: SessionInfo["arch"];
  /** Multiply-adds of one run, as direct convolutions take them. */
  readonly macs: number;
  /** Reading the file or building the graph; compiling it and packing the weights. */
  readonly load: { readonly read: number; readonly compile: number };
  /** The first run of the process, in code that is not optimised yet. */
  readonly first: number;
  readonly steady: Summary;
  /** Runs a second at the median. */
  readonly fps: number;
  /** Share of the multiply-add peak: that of one thread, measured in the same process, times the threads. */
  readonly share: number;
  /** Bytes: of the session's parts, and of the whole process, at its peak on Linux, at its end elsewhere. */
  readonly memory: MemorySizes & { readonly process: number };
}

/** What is kept of a run. */
export interface NetworksData {
  readonly networks: readonly NetworkData[];
}

const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(0);
const threadsOf = (threads: number) => `${threads} thread${threads > 1 ? "s" : ""}`;

/** A line for each network and number of threads. */
export function networksTable({ networks }: NetworksData): string {
  const { precision, simd, arch } = networks[0];
  return markdownTable(
    [
      `${precision}, ${simd} SIMD, ${arch} tiles`,
      "threads",
      "MMAC",
      "min ms",
      "median ms",
      "p95 ms",
      "FPS",
      "share of peak",
      "model MiB",
      "process MiB",
    ],
    networks.map(({ name, threads, macs, steady, fps, share, memory }) => [
      name,
      String(threads),
      (macs / 1e6).toFixed(0),
      ...[steady.min, steady.median, steady.p95, fps].map((value) => value.toFixed(1)),
      percent(share),
      mib(memory.total),
      mib(memory.process),
    ]),
  );
}

/** Medians of every network, the fastest first. */
export function networksChart({ networks }: NetworksData, host: string): BarChart {
  const threads = [...new Set(networks.map((network) => network.threads))];
  const rows = [...Map.groupBy(networks, ({ name }) => name)].map(([name, runs]) => ({
    name,
    values: threads.map((count) => runs.find((run) => run.threads === count)!.steady.median),
  }));
  return {
    title: "Median time of one run in ms, logarithmic",
    subtitle: host,
    series: threads.map(threadsOf),
    rows: rows.toSorted((a, b) => a.values[0] - b.values[0]),
  };
}
