/**
 * Comma-separated values: one row a finding.
 *
 * @module
 */

import type { Form, Report, Result } from "./report.ts";

/** Rows under a header line, quoted as RFC 4180 says; boxes in pixels. */
export function csvReport<R extends Result>(form: Form<R>): Report<R> {
  return {
    begin: (): string => line(["source", ...form.columns]),
    photo: ({ source, result }): string => form.rows(result).map((row) => line([source, ...row])).join(""),
  };
}

function line(values: readonly (string | number)[]): string {
  return values.map(field).join(",") + "\n";
}

function field(value: string | number): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
