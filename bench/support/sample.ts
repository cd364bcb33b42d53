/**
 * One contender measured for a given time, where there is no other to take turns with.
 *
 * @module
 */

/** Runs before those that count, and runs that count, however long they take. */
const LEAST_WARMUP = 2, LEAST_RUNS = 5;

/** Runs `run` for about `seconds`, a third of them uncounted (code is optimised, caches fill), and gives the counted results. */
export async function sampleFor<T>(run: () => Promise<T>, seconds: number): Promise<T[]> {
  await repeat(run, seconds / 3, LEAST_WARMUP);
  return await repeat(run, seconds * 2 / 3, LEAST_RUNS);
}

async function repeat<T>(run: () => Promise<T>, seconds: number, least: number): Promise<T[]> {
  const results: T[] = [], end = performance.now() + seconds * 1000;
  while (results.length < least || performance.now() < end) results.push(await run());
  return results;
}
