/**
 * Contenders measured in turn, so that whatever else the machine does meets them alike.
 *
 * @module
 */

/** How often. */
export interface Rounds {
  /** Rounds that count. */
  readonly runs: number;
  /** Rounds before those, which do not: code is compiled and optimised, caches fill. */
  readonly warmup: number;
}

/**
 * Measures contenders A, B: A B, B A, A B, ...; every other round runs backwards, so that none always follows the same one.
 *
 * @returns For each contender its measurements, one a round.
 */
export async function interleave<T>(
  contenders: readonly (() => T | Promise<T>)[],
  { runs, warmup }: Rounds,
): Promise<T[][]> {
  const measurements: T[][] = contenders.map(() => []);
  for (let round = -warmup; round < runs; round++) {
    const order = [...contenders.keys()];
    if (round % 2 !== 0) order.reverse();
    for (const i of order) {
      const measurement = await contenders[i]();
      if (round >= 0) measurements[i].push(measurement);
    }
  }
  return measurements;
}

/** Milliseconds that a contender runs before the run of its turn that counts. */
const SETTLING = 25;

/**
 * A contender whose turn is runs of `work` one after the other, of which the last counts: in use inferences follow one another, while the first ones of a turn find caches
 * full of what the others left, and threads and cores asleep.
 */
export function settled(work: () => unknown): () => Promise<number> {
  const run = timed(work);
  return async () => {
    const start = performance.now();
    do await run(); while (performance.now() - start < SETTLING);
    return await run();
  };
}

/** A contender that gives the milliseconds that `work` took. */
export function timed(work: () => unknown): () => Promise<number> {
  return async () => {
    const start = performance.now();
    const result = work();
    if (result instanceof Promise) await result;
    return performance.now() - start;
  };
}
