/**
 * Photos as they lie in canvases and camera frames, RGBA bytes, to floats.
 *
 * @module
 */

import { GraphError } from "../errors.ts";
import { emitUnpackRgba, type Unpacking } from "../kernels/unpack_rgba.ts";
import { formatShape } from "../tensor.ts";
import { checkInputs, checkNhwc, type Op } from "./op.ts";

/** Attributes of `unpack_rgba`. */
export type UnpackRgbaAttrs = Unpacking;

/** Channels of the output. */
const CHANNELS = 3;

/**
 * Input: RGBA bytes `[n, h, w, 1]`, a pixel in the place of a value, a graph input. Output: `[n, h, w, 3]` = byte * scale + offset, without alpha; rounded after each step,
 * as photos become floats elsewhere.
 */
export const unpackRgba: Op<UnpackRgbaAttrs> = {
  readsRgba: true,

  infer({ channels, scale, offset }, inputs, where) {
    checkInputs(where, inputs, 1);
    const [x] = inputs;
    checkNhwc(where, x);
    if (x[3] !== 1) {
      throw new GraphError(
        `Cannot run ${where}: input is ${formatShape(x)}, wanted [n, h, w, 1], a pixel of 4 bytes in each`,
      );
    }
    if (channels !== undefined && channels !== "rgb" && channels !== "bgr") {
      throw new GraphError(
        `Cannot run ${where}: channels is ${JSON.stringify(channels)}, wanted "rgb" or "bgr"`,
      );
    }
    for (const [name, value] of Object.entries<unknown>({ scale, offset })) {
      const list: unknown[] = Array.isArray(value) ? value : [];
      if (list.length !== CHANNELS || !list.every(Number.isFinite)) {
        throw new GraphError(
          `Cannot run ${where}: ${name} is ${JSON.stringify(value)}, wanted ${CHANNELS} finite numbers`,
        );
      }
    }
    return [...x.slice(0, 3), CHANNELS];
  },

  reference({ channels, scale, offset }, [{ data }], output) {
    const { fround } = Math;
    // Pixels that are no numbers as floats would not come through a loop over floats.
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return new Float32Array(output.reduce((a, b) => a * b)).map((_, i) => {
      const c = i % CHANNELS, pixel = (i - c) / CHANNELS;
      const byte = bytes[pixel * 4 + (channels === "bgr" ? 2 - c : c)];
      return fround(byte * fround(scale[c])) + fround(offset[c]);
    });
  },

  lower({ attrs, input, output, emitter }) {
    emitUnpackRgba(input(0), attrs, output, emitter);
  },
};
