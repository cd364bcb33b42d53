/**
 * Tables for terminals.
 *
 * @module
 */

import { oneLine } from "./output.ts";

/** Rows under a head, in columns two spaces apart; those of `numeric` are aligned to the right. */
export function table(
  texts: readonly (readonly string[])[],
  numeric: ReadonlySet<number> = new Set(),
): string {
  const rows = texts.map((row) => row.map(oneLine));
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const cell = (text: string, column: number) =>
    numeric.has(column) ? text.padStart(widths[column]) : text.padEnd(widths[column]);
  return rows.map((row) => row.map(cell).join("  ").trimEnd() + "\n").join("");
}
