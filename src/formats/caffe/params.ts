/**
 * Parameters that many of Caffe's layers have.
 *
 * @module
 */

import type { Pair } from "../../geometry.ts";
import type { Message } from "./message.ts";

/** A size along y and x: `NAME_h` and `NAME_w`, or `NAME` once or twice. */
export function pairOf(param: Message, name: string, stem: string, fallback: number, least: number): Pair {
  const [y = fallback, x = y] = param.integers(name, least);
  return [param.integer(`${stem}_h`, y, least), param.integer(`${stem}_w`, x, least)];
}

/** The axis that a field names, from the last where negative. */
export function axisOf(param: Message, name: string, fallback: number, rank: number): number {
  const axis = param.number(name, fallback), found = axis < 0 ? axis + rank : axis;
  return Number.isInteger(found) && found >= 0 && found <= rank
    ? found
    : param.fail(`${name} is ${axis}`, `an axis of ${rank}`);
}

/** Where an axis of Caffe's lies in a map `[n, h, w, c]`. */
export const MAP_AXES = [0, 3, 1, 2];
