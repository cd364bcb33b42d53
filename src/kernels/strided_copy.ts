/**
 * Writes commands for `asm/strided_copy.ts`.
 *
 * @module
 */

import { STRIDED_COPY } from "../../asm/kernels.ts";
import { elements, type Shape } from "../tensor.ts";
import { type Address, type Emitter, tileRows, type View } from "./emitter.ts";

/** Most axes that differ in the order of memory on the two sides. */
export const MAX_AXES = 5;

/** Multiply-adds that take as long as a float. */
const MACS_A_FLOAT = 8;

/** Bytes from one index of each axis to the next; all axes but the last are dense over the rows. */
export function axisStrides(view: View): number[] {
  const strides: number[] = [];
  let step = view.stride;
  for (let axis = view.shape.length - 2; axis >= 0; axis--) {
    strides.unshift(step);
    step *= view.shape[axis];
  }
  return [...strides, 4];
}

/** Emits a copy of `shape` between two sets of strides. Axes of extent 1 go, neighbours that are dense to one another on both sides become one. */
export function emitStridedCopy(
  from: Address,
  fromStrides: readonly number[],
  to: Address,
  toStrides: readonly number[],
  shape: Shape,
  reason: string,
  emitter: Emitter,
): void {
  const axes: { extent: number; from: number; to: number }[] = [];
  shape.forEach((extent, axis) => {
    if (extent === 1) return;
    const last = axes.at(-1);
    const next = { extent, from: fromStrides[axis], to: toStrides[axis] };
    if (last && last.from === next.from * extent && last.to === next.to * extent) {
      axes[axes.length - 1] = { ...next, extent: last.extent * extent };
    } else axes.push(next);
  });
  // Tiles are cut from the first axis: the ones that are missing come behind it.
  const missing = Array.from({ length: MAX_AXES - axes.length }, () => ({ extent: 1, from: 0, to: 0 }));
  axes.splice(axes.length > 1 ? 1 : 0, 0, ...missing);
  const [{ extent }] = axes;
  const perTile = tileRows(extent, elements(shape) / extent * MACS_A_FLOAT, emitter.host);
  emitter.emit({
    opcode: STRIDED_COPY,
    kernel: "strided_copy",
    reason,
    tiles: Math.ceil(extent / perTile),
    words: [
      from,
      to,
      ...axes.map((axis) => axis.extent),
      ...axes.map((axis) => axis.from),
      ...axes.map((axis) => axis.to),
      perTile,
    ],
  });
}
