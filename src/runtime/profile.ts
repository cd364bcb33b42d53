/**
 * Per-layer times, with the machine's own peak beside them.
 *
 * @module
 */

import type { Step } from "../compiler/memory_map.ts";
import type { Kernels } from "./kernels.ts";

/** One layer's time. */
export interface LayerProfile {
  /** Name of the node. */
  readonly name: string;
  /** Its operator. */
  readonly op: string;
  /** Kernel that ran it. */
  readonly kernel: string;
  /** Why that kernel. */
  readonly reason: string;
  /** Shapes of the inputs. */
  readonly inputs: string;
  /** Shape of the output. */
  readonly outputs: string;
  /** Multiply-adds. */
  readonly macs: number;
  /** Milliseconds, the fastest of all runs. */
  readonly ms: number;
  /** Billions of multiply-adds a second. */
  readonly gmacs: number;
  /** Share of the measured multiply-add peak, 0 to 1. */
  readonly share: number;
}

/** Multiply-adds of one round of the `peak` kernel. */
const PEAK_MACS = 48;

/** Measures the multiply-add peak of this machine and build, in GMAC/s: the fastest of several short runs. */
export function measurePeak(kernels: Kernels, runs = 150): number {
  const rounds = 50_000;
  let best = Infinity;
  for (let run = 0; run < runs; run++) {
    const start = performance.now();
    kernels.peak(rounds, 0.999, 0.001);
    best = Math.min(best, performance.now() - start);
  }
  return rounds * PEAK_MACS / best / 1e6;
}

/** Times the steps one by one, `runs` times over; the peak they are held against is that of `threads` threads. */
export function profile(
  steps: readonly Step[],
  run: (step: Step) => void,
  kernels: Kernels,
  runs: number,
  threads: number,
): LayerProfile[] {
  const best = new Float64Array(steps.length).fill(Infinity);
  // One more run comes first, uncounted: it brings the kernels to their optimised code.
  for (let round = -1; round < runs; round++) {
    steps.forEach((step, i) => {
      const start = performance.now();
      run(step);
      if (round >= 0) best[i] = Math.min(best[i], performance.now() - start);
    });
  }
  const peak = measurePeak(kernels) * threads;
  return steps.map(({ name, op, kernel, reason, inputs, outputs, macs }, i) => {
    const gmacs = macs / best[i] / 1e6;
    return { name, op, kernel, reason, inputs, outputs, macs, ms: best[i], gmacs, share: gmacs / peak };
  });
}

/** A table of all layers and their sum. */
export function formatProfile(rows: readonly LayerProfile[]): string {
  const head = ["layer", "kernel", "in -> out", "MMAC", "ms", "GMAC/s", "peak", "reason"];
  const ms = rows.reduce((sum, row) => sum + row.ms, 0);
  const macs = rows.reduce((sum, row) => sum + row.macs, 0);
  const peak = rows.find((row) => row.share > 0);
  const total = macs / ms / 1e6;
  const share = peak ? total * peak.share / peak.gmacs : 0;
  const cells = [
    head,
    ...rows.map((row) => [
      row.name,
      row.kernel,
      `${row.inputs} -> ${row.outputs}`,
      (row.macs / 1e6).toFixed(2),
      row.ms.toFixed(3),
      row.macs > 0 ? row.gmacs.toFixed(1) : "-",
      row.macs > 0 ? `${(row.share * 100).toFixed(0)}%` : "-",
      row.reason,
    ]),
    [
      "total",
      "",
      "",
      (macs / 1e6).toFixed(2),
      ms.toFixed(3),
      total.toFixed(1),
      `${(share * 100).toFixed(0)}%`,
      "",
    ],
  ];
  const numeric = new Set([3, 4, 5, 6]);
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  return cells
    .map((row) =>
      row.map((cell, c) => numeric.has(c) ? cell.padStart(widths[c]) : cell.padEnd(widths[c])).join("  ")
        .trimEnd()
    )
    .join("\n");
}
