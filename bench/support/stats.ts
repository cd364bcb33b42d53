/**
 * Samples to figures.
 *
 * @module
 */

/** What many measurements come to, in the unit of the measurements. */
export interface Summary {
  readonly min: number;
  readonly median: number;
  /** 95 of 100 measurements are at most this. */
  readonly p95: number;
  readonly max: number;
  /** How many measurements there were. */
  readonly runs: number;
}

/** The value below which a fraction `q` of the samples lies, interpolated between neighbours. */
export function quantile(samples: readonly number[], q: number): number {
  if (samples.length === 0) throw new RangeError("Cannot take a quantile of no samples, wanted at least 1");
  const sorted = samples.toSorted((a, b) => a - b);
  const at = q * (sorted.length - 1), low = Math.floor(at), high = Math.ceil(at);
  return sorted[low] + (sorted[high] - sorted[low]) * (at - low);
}

/** The middle of the samples. */
export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}

/** Summarises samples. */
export function summarize(samples: readonly number[]): Summary {
  return {
    min: quantile(samples, 0),
    median: median(samples),
    p95: quantile(samples, 0.95),
    max: quantile(samples, 1),
    runs: samples.length,
  };
}

/** How many times as much `theirs` takes as `ours`, round by round: measurements of one round met the same state of the machine. */
export function ratios(theirs: readonly number[], ours: readonly number[]): Summary {
  return summarize(theirs.map((value, round) => value / ours[round]));
}
