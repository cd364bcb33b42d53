/**
 * Writes commands for `asm/resize.ts`.
 *
 * @module
 */

import { RESIZE } from "../../asm/kernels.ts";
import { type Address, type Emitter, tileRows, type View } from "./emitter.ts";

/** Where one output index comes from: `low` and `high` source index, weight of the second. */
export interface Source {
  readonly low: number;
  readonly high: number;
  readonly weight: number;
}

function table(sources: readonly Source[], emitter: Emitter): Address {
  return emitter.constant(sources.length * 3, (to) => {
    const view = new DataView(to.buffer, to.byteOffset);
    sources.forEach(({ low, high, weight }, i) => {
      view.setInt32(i * 12, low, true);
      view.setInt32(i * 12 + 4, high, true);
      view.setFloat32(i * 12 + 8, weight, true);
    });
  });
}

/** Emits a resize of `[n, h, w, c]` to a row for each of `rows` and a column for each of `columns`. */
export function emitResize(
  input: View,
  rows: readonly Source[],
  columns: readonly Source[],
  output: View,
  reason: string,
  emitter: Emitter,
): void {
  const [n, h, w, channels] = input.shape;
  const perTile = tileRows(n * rows.length, columns.length * channels * 8, emitter.host);
  emitter.emit({
    opcode: RESIZE,
    kernel: "resize",
    reason,
    tiles: Math.ceil(n * rows.length / perTile),
    words: [
      input.address,
      input.stride,
      h,
      w,
      channels,
      table(rows, emitter),
      output.address,
      output.stride,
      table(columns, emitter),
      rows.length,
      columns.length,
      perTile,
      n * rows.length,
    ],
  });
}
