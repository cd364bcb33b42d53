/**
 * Tensors across the border of a session: dense data in the model file's own layout outside, strided NHWC inside; bytes of photos as they are.
 *
 * @module
 */

import type { MemoryPort } from "../compiler/memory_map.ts";
import { channelsOf, elements, rowsOf, type Shape } from "../tensor.ts";

/** What callers give. */
type PortData = Float32Array | Uint8Array | Uint8ClampedArray;

/** The shape that callers see. */
export function outerShape({ shape, nchw, rgba }: MemoryPort): Shape {
  if (rgba) return [...shape.slice(0, -1), 4];
  if (!nchw) return shape;
  const [n, h, w, c] = shape;
  return [n, c, h, w];
}

/** Calls `visit` for each run of `count` values that lie side by side outside: its place inside, in floats, how far apart its values are there, and its place outside. */
function eachRun(
  port: MemoryPort,
  visit: (inside: number, step: number, outside: number, count: number) => void,
): void {
  const start = port.offset / 4, step = port.stride / 4;
  const channels = channelsOf(port.shape), rows = rowsOf(port.shape);
  if (!port.nchw) {
    for (let row = 0; row < rows; row++) visit(start + row * step, 1, row * channels, channels);
    return;
  }
  const plane = port.shape[1] * port.shape[2];
  for (let first = 0; first < rows; first += plane) {
    for (let c = 0; c < channels; c++) {
      visit(start + first * step + c, step, first * channels + c * plane, plane);
    }
  }
}

/**
 * Copies three planes into rows of `step` floats, in one pass: of all that a run does, one thread does this alone. Views of the planes let V8 check their bounds once, and keep it
 * fast where it becomes part of its caller.
 */
function interleave(data: PortData, rows: Float32Array, step: number): void {
  const pixels = data.length / 3;
  const red = data.subarray(0, pixels), green = data.subarray(pixels, 2 * pixels);
  const blue = data.subarray(2 * pixels);
  for (let i = 0, at = 0; i < pixels; i++, at += step) {
    rows[at] = red[i];
    rows[at + 1] = green[i];
    rows[at + 2] = blue[i];
  }
}

/** Copies `data` into memory: of bytes what lies in it, whatever it is. */
export function writePort(
  port: MemoryPort,
  memory: ArrayBufferLike,
  data: PortData,
): void {
  if (port.rgba) {
    new Uint8Array(memory).set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), port.offset);
    return;
  }
  const floats = new Float32Array(memory);
  const channels = channelsOf(port.shape);
  if (!port.nchw && port.stride === channels * 4) {
    floats.set(data, port.offset / 4);
    return;
  }
  if (port.nchw && channels === 3) {
    const pixels = port.shape[1] * port.shape[2], step = port.stride / 4;
    for (let row = 0; row < rowsOf(port.shape); row += pixels) {
      const planes = data.subarray(row * channels, (row + pixels) * channels);
      interleave(planes, floats.subarray(port.offset / 4 + row * step), step);
    }
    return;
  }
  eachRun(port, (inside, step, outside, count) => {
    for (let i = 0; i < count; i++) floats[inside + i * step] = data[outside + i];
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
  eachRun(port, (inside, step, outside, count) => {
    for (let i = 0; i < count; i++) data[outside + i] = floats[inside + i * step];
  });
  return data;
}
