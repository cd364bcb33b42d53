/**
 * Tensors across the border of a session: dense data in the model file's own layout outside, rows of any stride inside. What comes in lies there as it came.
 *
 * @module
 */

import type { MemoryPort } from "../compiler/memory_map.ts";
import { channelsOf, rowsOf, type Shape } from "../tensor.ts";

/** What callers give. */
type PortData = Float32Array | Uint8Array | Uint8ClampedArray;

/** The shape of what callers give. */
export function inputShape({ shape, rgba }: MemoryPort): Shape {
  return rgba ? [...shape.slice(0, -1), 4] : shape;
}

/** The shape of what callers get. */
export function outputShape({ shape, nchw }: MemoryPort): Shape {
  if (!nchw) return shape;
  const [n, h, w, c] = shape;
  return [n, c, h, w];
}

/** Copies `data` into memory: of bytes what lies in it, whatever it is. */
export function writePort(port: MemoryPort, memory: ArrayBufferLike, data: PortData): void {
  if (port.rgba) {
    new Uint8Array(memory).set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), port.offset);
    return;
  }
  const floats = new Float32Array(memory), channels = channelsOf(port.shape);
  if (port.stride === channels * 4) {
    floats.set(data, port.offset / 4);
    return;
  }
  for (let row = 0; row < rowsOf(port.shape); row++) {
    floats.set(
      data.subarray(row * channels, (row + 1) * channels),
      (port.offset + row * port.stride) / 4,
    );
  }
}

/** A copy of what lies in memory. */
export function readPort(port: MemoryPort, memory: ArrayBufferLike): Float32Array {
  const floats = new Float32Array(memory), channels = channelsOf(port.shape), rows = rowsOf(port.shape);
  const start = port.offset / 4, step = port.stride / 4;
  const data = new Float32Array(rows * channels);
  if (!port.nchw && step === channels) {
    // Of shared memory, `slice` and `set` take longer: of a thousand values 40 microseconds.
    for (let i = 0; i < data.length; i++) data[i] = floats[start + i];
    return data;
  }
  const plane = port.nchw ? port.shape[1] * port.shape[2] : 1;
  for (let first = 0, at = 0; first < rows; first += plane) {
    for (let c = 0; c < channels; c++) {
      for (let row = first; row < first + plane; row++) data[at++] = floats[start + row * step + c];
    }
  }
  return data;
}
