/**
 * Simdet and its peer, side by side.
 *
 * @module
 */

import { markdownTable, times } from "./markdown.ts";
import { ratios, summarize, type Summary } from "./stats.ts";

/** One measure of the two. */
export interface Comparison {
  readonly what: string;
  readonly unit: "ms" | "MiB";
  readonly simdet: Summary;
  readonly peer: Summary;
  /** How many times as much the peer takes. */
  readonly ratio: Summary;
}

/** What is kept of a run. */
export interface Comparisons {
  readonly peer: string;
  readonly comparisons: readonly Comparison[];
}

/** Compares measurements of the same rounds. */
export function compare(
  what: string,
  unit: Comparison["unit"],
  simdet: readonly number[],
  peer: readonly number[],
): Comparison {
  return { what, unit, simdet: summarize(simdet), peer: summarize(peer), ratio: ratios(peer, simdet) };
}

/** The ratios, for those who read no more than that. */
export function ratioTable({ peer, comparisons }: Comparisons): string {
  return markdownTable(
    [`${peer} takes, times Simdet's`, "median", "least", "greatest"],
    comparisons.map(({ what, ratio }) => [what, times(ratio.median), times(ratio.min), times(ratio.max)]),
  );
}

/** The measurements behind the ratios. */
export function medianTable({ peer, comparisons }: Comparisons): string {
  return markdownTable(
    ["median", "Simdet", peer],
    comparisons.map(({ what, unit, simdet, peer }) => [
      what,
      ...[simdet, peer].map(({ median }) => `${median.toFixed(1)} ${unit}`),
    ]),
  );
}
