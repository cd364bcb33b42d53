/**
 * Writes commands for `asm/depthwise.ts` and packs its weights.
 *
 * @module
 */

import { DEPTHWISE } from "../../asm/kernels.ts";
import type { Window } from "../geometry.ts";
import { channelsOf } from "../tensor.ts";
import { type Emitter, type Limits, limitWords, tileRows, type View } from "./emitter.ts";

/** Emits a depthwise convolution of `[n, h, w, c]` with `weight` `[kh, kw, 1, c]`. */
export function emitDepthwise(
  input: View,
  window: Window,
  weight: Float32Array,
  bias: Float32Array | undefined,
  output: View,
  limits: Limits | undefined,
  reason: string,
  emitter: Emitter,
): void {
  const [n, h, w, channels] = input.shape;
  const [, oh, ow] = output.shape;
  const [kh, kw] = window.kernel;
  const taps = kh * kw;
  const blocks = Math.ceil(channels / 4);
  const packed = emitter.constant(blocks * (taps + 1) * 4, (to) => {
    for (let block = 0, at = 0; block < blocks; block++) {
      const first = block * 4;
      const width = Math.min(4, channels - first);
      if (bias) { for (let j = 0; j < width; j++) to[at + j] = bias[first + j]; }
      at += 4;
      for (let tap = 0; tap < taps; tap++, at += 4) {
        for (let j = 0; j < width; j++) to[at + j] = weight[tap * channels + first + j];
      }
    }
  });
  const rows = tileRows(n * oh, ow * channelsOf(output.shape) * taps, emitter.host);
  const unrolled = (kw === 3 || kw === 5) && window.dilations[1] === 1 && window.strides[1] <= 2 && ow >= 4;
  emitter.emit({
    opcode: DEPTHWISE,
    kernel: unrolled ? `depthwise_${kh}x${kw}_4px` : `depthwise_${kh}x${kw}_1px`,
    reason,
    tiles: Math.ceil((n * oh) / rows),
    words: [
      input.address,
      input.stride,
      h,
      w,
      channels,
      packed,
      output.address,
      output.stride,
      kh,
      kw,
      ...limitWords(limits),
      rows,
      ...window.strides,
      window.padding[0],
      window.padding[1],
      ...window.dilations,
      oh,
      ow,
      n * oh,
    ],
  });
}
