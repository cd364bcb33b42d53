/**
 * Writes commands for `asm/unpack_rgba.ts`.
 *
 * @module
 */

import { UNPACK_RGBA } from "../../asm/kernels.ts";
import { rowsOf } from "../tensor.ts";
import { type Emitter, tileRows, type View, type Word } from "./emitter.ts";

/** How a photo's pixels become floats: `byte * scale + offset` for each channel of the output. */
export interface Unpacking {
  /** Order of the channels of the output. Default `rgb`. */
  readonly channels?: "rgb" | "bgr";
  /** Factor of each channel of the output. */
  readonly scale: readonly [number, number, number];
  /** Added to each channel of the output after scaling. */
  readonly offset: readonly [number, number, number];
}

/** Values of a pixel, and of four. */
const CHANNELS = 3, FOUR = 4 * CHANNELS;

/** What the kernels unpack four pixels by: a word each of the order of bytes, of scales and of offsets for each value. */
export function unpackingWords({ channels, scale, offset }: Unpacking): Word[] {
  const values = Array.from({ length: FOUR }, (_, i) => i);
  const order = values.map((i) => {
    const c = i % CHANNELS, pixel = (i - c) / CHANNELS;
    // The other bytes of the word are 255, which makes zeros.
    return (4 * pixel + (channels === "bgr" ? 2 - c : c)) | ~255;
  });
  const floats = (of: readonly number[]) => values.map((i) => ({ f32: of[i % CHANNELS] }));
  return [...order, ...floats(scale), ...floats(offset)];
}

/** What unpacking a pixel takes, in multiply-adds. */
const PIXEL_MACS = 24;

/** Emits output `[n, h, w, 3]` = the pixels of `input` `[n, h, w, 1]`. */
export function emitUnpackRgba(input: View, unpacking: Unpacking, output: View, emitter: Emitter): void {
  const pixels = rowsOf(output.shape), perTile = tileRows(pixels, PIXEL_MACS, emitter.host);
  emitter.emit({
    opcode: UNPACK_RGBA,
    kernel: "unpack_rgba",
    reason: "pixel by pixel",
    tiles: Math.ceil(pixels / perTile),
    words: [
      input.address,
      pixels,
      output.address,
      output.stride,
      perTile,
      ...unpackingWords(unpacking),
    ],
  });
}
