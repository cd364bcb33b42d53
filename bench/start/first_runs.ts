/**
 * What both starts do once their session stands: run it on noise.
 *
 * @module
 */

import type { Session } from "../../runtime.ts";
import { noise } from "../support/noise.ts";

/** What is printed, in milliseconds. */
export interface Inference {
  readonly first: number;
  readonly steady?: number;
}

/** Runs a session once and prints what that took; with `duration`, in milliseconds, the fastest of the runs that follow it for so long as well. */
export function printFirstRuns(session: Session, duration: number): void {
  const inputs = noise(session.inputs);
  const run = () => {
    const start = performance.now();
    session.runSync(inputs);
    return performance.now() - start;
  };
  const first = run();
  let steady: number | undefined;
  for (const end = performance.now() + duration; performance.now() < end;) {
    steady = Math.min(steady ?? Infinity, run());
  }
  const inference: Inference = { first, steady };
  console.log(JSON.stringify(inference));
}
