/**
 * Tables that read well on a terminal and in Markdown alike.
 *
 * @module
 */

/** A Markdown table; the columns behind the first are numbers, set flush right. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, c) => Math.max(3, ...[head, ...rows].map((row) => row[c].length)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, c) => c === 0 ? cell.padEnd(widths[c]) : cell.padStart(widths[c])).join(" | ")} |`;
  const rule = `| ${widths.map((w, c) => c === 0 ? "-".repeat(w) : "-".repeat(w - 1) + ":").join(" | ")} |`;
  return [line(head), rule, ...rows.map(line)].join("\n");
}

/** `85 %`. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}

/** `1.77x`. */
export function times(ratio: number): string {
  return `${ratio.toFixed(2)}x`;
}
