/**
 * JSON lines: one object a photo, for pipes that read while photos are still being looked at.
 *
 * @module
 */

import type { Form, Report, Result } from "./report.ts";

/** The elements of the JSON report, each on a line of its own. */
export function jsonlReport<R extends Result>(form: Form<R>): Report<R> {
  return { photo: ({ source, result }): string => JSON.stringify({ source, ...form.json(result) }) + "\n" };
}
