/**
 * Plans the arena: buffers whose lifetimes do not overlap share memory. Greedy by size, lowest gap that fits (Pisarchyk and Lee 2020,
 * "Efficient Memory Management for Deep Neural Net Inference", section 4.3).
 *
 * @module
 */

import { align } from "../kernels/emitter.ts";

/** A buffer in need of memory from step `first` to step `last`, both included. */
export interface Lifetime {
  readonly name: string;
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

/** Byte offset of every buffer, and bytes in all. */
export interface ArenaPlan {
  readonly offsets: ReadonlyMap<string, number>;
  readonly bytes: number;
}

/** Places every buffer so that no two which live at the same time overlap. */
export function planArena(lifetimes: readonly Lifetime[]): ArenaPlan {
  const placed: (Lifetime & { offset: number })[] = [];
  const bySize = lifetimes.toSorted((a, b) => b.bytes - a.bytes || a.first - b.first);
  let bytes = 0;
  for (const buffer of bySize) {
    const rivals = placed
      .filter((other) => other.first <= buffer.last && buffer.first <= other.last)
      .toSorted((a, b) => a.offset - b.offset);
    let offset = 0;
    for (const rival of rivals) {
      if (offset + buffer.bytes <= rival.offset) break;
      offset = Math.max(offset, align(rival.offset + rival.bytes));
    }
    placed.push({ ...buffer, offset });
    bytes = Math.max(bytes, offset + buffer.bytes);
  }
  return { offsets: new Map(placed.map(({ name, offset }) => [name, offset])), bytes: align(bytes) };
}
