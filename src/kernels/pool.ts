/**
 * Writes commands for `asm/pool.ts`.
 *
 * @module
 */

import { POOL } from "../../asm/kernels.ts";
import type { Window } from "../geometry.ts";
import { type Emitter, type Limits, limitWords, tileRows, type View } from "./emitter.ts";

/** What a pooling kernel computes; `average_all` counts the padding too. */
export type PoolKind = "max" | "average" | "average_all";

const kinds: readonly PoolKind[] = ["max", "average", "average_all"];

/** Emits pooling of `[n, h, w, c]`. */
export function emitPool(
  input: View,
  window: Omit<Window, "dilations">,
  kind: PoolKind,
  output: View,
  limits: Limits | undefined,
  emitter: Emitter,
): void {
  const [n, h, w, channels] = input.shape;
  const [, oh, ow] = output.shape;
  const rows = tileRows(n * oh, ow * channels * window.kernel[0] * window.kernel[1], emitter.host);
  emitter.emit({
    opcode: POOL,
    kernel: `pool_${kind}`,
    reason: "any window",
    tiles: Math.ceil((n * oh) / rows),
    words: [
      input.address,
      input.stride,
      h,
      w,
      channels,
      kinds.indexOf(kind),
      output.address,
      output.stride,
      ...window.kernel,
      rows,
      ...window.strides,
      window.padding[0],
      window.padding[1],
      oh,
      ow,
      n * oh,
      ...limitWords(limits),
    ],
  });
}
