/**
 * A progress bar on standard error: one line that is drawn over itself on a terminal, nothing elsewhere.
 *
 * @module
 */

import { format } from "@std/fmt/bytes";
import type { Progress } from "../formats/fetch.ts";

const WIDTH = 24;
const INTERVAL_MS = 100;
const ERASE = "\r\x1b[K";

/** `name ██████░░░░  58%  9.8 of 16.9 MB  5.3 MB/s`, for a transfer that has taken `seconds` so far. */
export function progressLine({ file, loaded, total }: Progress, seconds: number): string {
  const rate = seconds > 0 ? `  ${format(Math.round(loaded / seconds))}/s` : "";
  if (total === undefined) return `${file}  ${format(loaded)}${rate}`;
  const share = Math.min(1, loaded / total);
  const full = Math.round(share * WIDTH);
  const bar = "█".repeat(full) + "░".repeat(WIDTH - full);
  return `${file} ${bar} ${String(Math.floor(share * 100)).padStart(3)}%  ${format(loaded)} of ${
    format(total)
  }${rate}`;
}

/** `name: 16.9 MB in 3.2 s (5.3 MB/s)`. */
export function summary(file: string, bytes: number, milliseconds: number): string {
  const seconds = milliseconds / 1000;
  return `${file}: ${format(bytes)} in ${seconds.toFixed(1)} s (${format(Math.round(bytes / seconds))}/s)`;
}

/** Draws the progress of a transfer on standard error, where that is a terminal; takes its line away in the end. */
export class ProgressBar implements Disposable {
  readonly #visible: boolean;
  #start = performance.now();
  #drawn = -Infinity;

  /** Makes a bar, which draws nothing where it is not `wanted`. */
  constructor(wanted = true) {
    this.#visible = wanted && Deno.stderr.isTerminal();
  }

  /** Draws, at most ten times a second; a transfer that begins again at 0 starts its rate anew. */
  update(progress: Progress): void {
    const now = performance.now();
    if (progress.loaded === 0) this.#start = now;
    if (!this.#visible || now - this.#drawn < INTERVAL_MS) return;
    this.#drawn = now;
    const line = progressLine(progress, (now - this.#start) / 1000);
    write(ERASE + line.slice(0, Deno.consoleSize().columns - 1));
  }

  /** Takes the line away, so that another can be written. */
  erase(): void {
    if (this.#visible) write(ERASE);
  }

  /** As {@linkcode ProgressBar.erase}. */
  [Symbol.dispose](): void {
    this.erase();
  }
}

function write(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(text));
}
