/**
 * Weights from the order of the frameworks that think in channels first.
 *
 * @module
 */

/** `[o, i, k]` to `[k, i, o]`. */
export function toHwio(stored: Float32Array, outputs: number, channels: number, taps: number): Float32Array {
  const weight = new Float32Array(stored.length);
  let from = 0;
  for (let o = 0; o < outputs; o++) {
    for (let c = 0; c < channels; c++) {
      for (let tap = 0; tap < taps; tap++) weight[(tap * channels + c) * outputs + o] = stored[from++];
    }
  }
  return weight;
}
