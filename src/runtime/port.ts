/**
 * Tensors across the border of a session: dense data in the model file's own layout outside, strided NHWC inside.
 *
 * @module
 */

import type { MemoryPort } from "../compiler/memory_map.ts";
import { channelsOf, elements, rowsOf, type Shape } from "../tensor.ts";

/** The shape that callers see. */
export function outerShape({ shape, nchw }: MemoryPort): Shape {
  if (!nchw) return shape;
  const [n, h, w, c] = shape;
  return [n, c, h, w];
}

/** Calls `visit` for each vector of channels: its place inside, in floats, and the place outside of its first value, `step` values before the next. */
function eachRow(port: MemoryPort, visit: (inside: number, outside: number, step: number) => void): void {
  const channels = channelsOf(port.shape), rows = rowsOf(port.shape);
  const plane = port.nchw ? port.shape[1] * port.shape[2] : 1;
  for (let row = 0; row < rows; row++) {
    const outside = port.nchw ? Math.floor(row / plane) * plane * channels + row % plane : row * channels;
    visit((port.offset + row * port.stride) / 4, outside, plane);
  }
}

/** Copies `data` into memory. */
export function writePort(port: MemoryPort, memory: ArrayBufferLike, data: Float32Array): void {
  const floats = new Float32Array(memory);
  const channels = channelsOf(port.shape);
  if (!port.nchw && port.stride === channels * 4) {
    floats.set(data, port.offset / 4);
    return;
  }
  eachRow(port, (inside, outside, step) => {
    for (let c = 0; c < channels; c++) floats[inside + c] = data[outside + c * step];
  });
}

/** A copy of what lies in memory. */
export function readPort(port: MemoryPort, memory: ArrayBufferLike): Float32Array {
  const floats = new Float32Array(memory);
  const channels = channelsOf(port.shape);
  if (!port.nchw && port.stride === channels * 4) {
    return floats.slice(port.offset / 4, port.offset / 4 + elements(port.shape));
  }
  const data = new Float32Array(elements(port.shape));
  eachRow(port, (inside, outside, step) => {
    for (let c = 0; c < channels; c++) data[outside + c * step] = floats[inside + c];
  });
  return data;
}
