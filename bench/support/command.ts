/**
 * How a benchmark ends where it is asked for what it cannot do.
 *
 * @module
 */

import { note } from "../../src/cli/output.ts";
import { isUsageError, reasonOf } from "../../src/cli/reason.ts";
import { SimdetError } from "../../src/errors.ts";

/** Does the work; ends the program with the reason and a status (1 failed, 2 wrong usage) where it fails on purpose. */
export async function runCommand<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SimdetError)) throw error;
    note(reasonOf(error));
    Deno.exit(isUsageError(error) ? 2 : 1);
  }
}
