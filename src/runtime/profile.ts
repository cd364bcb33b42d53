/**
 * Per-layer times, with the machine's own peak beside them.
 *
 * @module
 */

import type { CommandRange, Step } from "../compiler/memory_map.ts";
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
  /** Threads that took part in all of the runs. */
  readonly threads: number;
  /** Billions of multiply-adds a second. */
  readonly gmacs: number;
  /** Share of the measured multiply-add peak, 0 to 1. */
  readonly share: number;
  /** Billions of bytes a second of inputs, weights and output, each counted once. */
  readonly gbs: number;
  /** What no kernel could go past: the multiply-add peak, or copying as many bytes. */
  readonly bound: "compute" | "memory";
  /** Milliseconds more than that bound takes. */
  readonly lost: number;
}

/** How fast bytes are copied within a working set. */
export interface CopySpeed {
  /** Bytes read and written. */
  readonly bytes: number;
  /** Billions of bytes a second, read and written. */
  readonly gbs: number;
}

/** What the machine could do at best, as measured in this process. */
export interface Peaks {
  /** Multiply-adds of all threads, GMAC/s. */
  readonly gmacs: number;
  /** The same of 8-bit integers, four summed in 32 bits at once (dot products); left out where the kernels have no relaxed SIMD. */
  readonly dotGmacs?: number;
  /** Copying by one thread, the smallest working set first: about the levels of the cache, then memory. */
  readonly copy: readonly CopySpeed[];
}

/** Multiply-adds of one round of the `peak` kernel. */
const PEAK_MACS = 48;

/** Rounds of a short run of the `peak` kernels. */
const PEAK_ROUNDS = 50_000;

/** Milliseconds of the fastest of several short runs. */
function fastest(runs: number, run: () => void): number {
  let best = Infinity;
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    run();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

/** Measures the multiply-add peak of this machine and build, in GMAC/s. */
export function measurePeak(kernels: Kernels, runs = 150): number {
  return PEAK_ROUNDS * PEAK_MACS / fastest(runs, () => kernels.peak(PEAK_ROUNDS, 0.999, 0.001)) / 1e6;
}

/** Measures the peak of dot products of 8-bit integers of this machine, in GMAC/s; `undefined` where the build has none. */
export function measureDotPeak(kernels: Kernels, runs = 150): number | undefined {
  const macs = kernels.peak_dot(PEAK_ROUNDS, 1, 1);
  if (macs === 0) return undefined;
  return macs / fastest(runs, () => kernels.peak_dot(PEAK_ROUNDS, 1, 1)) / 1e6;
}

/** Working sets that stand for the levels of the cache and for memory: 32 KiB, 512 KiB, 4 MiB, 64 MiB. */
const COPY_BYTES = [2 ** 15, 2 ** 19, 2 ** 22, 2 ** 26];

/** Bytes copied for one measurement: enough for a timer of microseconds. */
const COPY_WORK = 2 ** 26;

/** Measures the machine: multiply-adds of `threads` threads, and copies of one. */
export function measurePeaks(kernels: Kernels, threads = 1): Peaks {
  const copy = COPY_BYTES.map((bytes) => {
    const from = new Uint8Array(bytes / 2).fill(1), to = new Uint8Array(bytes / 2).fill(1);
    const best = fastest(5, () => {
      for (let done = 0; done < COPY_WORK; done += bytes) to.set(from);
    });
    return { bytes, gbs: COPY_WORK / best / 1e6 };
  });
  const dot = measureDotPeak(kernels);
  return {
    gmacs: measurePeak(kernels) * threads,
    ...(dot !== undefined && { dotGmacs: dot * threads }),
    copy,
  };
}

/**
 * Times the steps one by one, `runs` times over, and holds them against the peaks; what loses most time comes first.
 *
 * @param begin Called before each round: puts the inputs in place.
 * @param run Runs a step, or several that are joined, whose time is shared out among them; gives the number of threads that took part.
 * @param measure Gives the peaks; called after the steps have run: on a slow machine idle workers would go while it works.
 */
export function profile(
  steps: readonly Step[],
  begin: () => void,
  run: (range: CommandRange) => number,
  runs: number,
  measure: () => Peaks,
): LayerProfile[] {
  const best = new Float64Array(steps.length).fill(Infinity);
  const crew = new Float64Array(steps.length).fill(Infinity);
  // One more run comes first, uncounted: it brings the kernels to their optimised code.
  for (let round = -1; round < runs; round++) {
    begin();
    for (let first = 0, last = 0; first < steps.length; first = ++last) {
      while (steps[last].joined) last++;
      const start = performance.now();
      const threads = run({ begin: steps[first].begin, end: steps[last].end });
      const ms = (performance.now() - start) / (last - first + 1);
      for (let i = first; i <= last; i++) {
        crew[i] = Math.min(crew[i], threads);
        if (round >= 0) best[i] = Math.min(best[i], ms);
      }
    }
  }
  const peaks = measure();
  return steps.map(({ name, op, kernel, reason, inputs, outputs, macs, bytes }, i) => {
    const ms = best[i], gmacs = macs / ms / 1e6, gbs = bytes / ms / 1e6;
    const level = peaks.copy.find((copy) => bytes <= copy.bytes) ?? peaks.copy.at(-1)!;
    const compute = macs / peaks.gmacs / 1e6, memory = bytes / level.gbs / 1e6;
    const speed = { ms, threads: crew[i], gmacs, share: gmacs / peaks.gmacs };
    const bound = compute >= memory ? "compute" as const : "memory" as const;
    const layer = { name, op, kernel, reason, inputs, outputs, macs, ...speed };
    return { ...layer, gbs, bound, lost: Math.max(0, ms - Math.max(compute, memory)) };
  }).sort((a, b) => b.lost - a.lost);
}

/** A table of all layers and their sum, the threads that took part, and the peaks they are held against. */
export function formatProfile(rows: readonly LayerProfile[], peaks: Peaks): string {
  const head = [
    "layer",
    "kernel",
    "in -> out",
    "MMAC",
    "ms",
    "GMAC/s",
    "peak",
    "GB/s",
    "bound",
    "lost ms",
    "reason",
  ];
  const sum = (of: (row: LayerProfile) => number) => rows.reduce((total, row) => total + of(row), 0);
  const ms = sum((row) => row.ms), macs = sum((row) => row.macs);
  const percent = (share: number) => `${(share * 100).toFixed(0)}%`;
  const cells = [
    head,
    ...rows.map((row) => [
      row.name,
      row.kernel,
      `${row.inputs} -> ${row.outputs}`,
      (row.macs / 1e6).toFixed(2),
      row.ms.toFixed(3),
      row.macs > 0 ? row.gmacs.toFixed(1) : "-",
      row.macs > 0 ? percent(row.share) : "-",
      row.gbs.toFixed(1),
      row.bound,
      row.lost.toFixed(3),
      row.reason,
    ]),
    [
      "total",
      "",
      "",
      (macs / 1e6).toFixed(2),
      ms.toFixed(3),
      (macs / ms / 1e6).toFixed(1),
      percent(macs / ms / 1e6 / peaks.gmacs),
      "",
      "",
      sum((row) => row.lost).toFixed(3),
      "",
    ],
  ];
  const numeric = new Set([3, 4, 5, 6, 7, 9]);
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  const table = cells.map((row) =>
    row.map((cell, c) => numeric.has(c) ? cell.padStart(widths[c]) : cell.padEnd(widths[c])).join("  ")
      .trimEnd()
  );
  const threads = Math.min(...rows.map((row) => row.threads));
  return [...table, `threads: ${threads}; peaks: ${formatPeaks(peaks)}`].join("\n");
}

/** One line of what the machine could do at best. */
export function formatPeaks({ gmacs, dotGmacs, copy }: Peaks): string {
  const copies = copy.map(({ bytes, gbs }) => `${gbs.toFixed(0)} GB/s in ${bytes / 1024} KiB`);
  const dot = dotGmacs === undefined ? "" : `, ${dotGmacs.toFixed(1)} of 8-bit integers`;
  return `${gmacs.toFixed(1)} GMAC/s${dot}; copies ${copies.join(", ")}`;
}
