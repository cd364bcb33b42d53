/**
 * Photo to input tensor: resize and normalisation in one pass, row by row. Of the photo only the two rows in use are copied to wasm memory.
 *
 * @module
 */

import type { Preprocessing } from "../graph/model_info.ts";
import type { RawImage } from "./image.ts";

/** Where the kernel works; a `Session` is one. */
export interface ResizeTarget {
  readonly kernels: {
    resize_row(
      top: number,
      bottom: number,
      ratio: number,
      columns: number,
      width: number,
      affine: number,
      output: number,
    ): void;
  };
  readonly memory: WebAssembly.Memory;
  /** Byte offset of at least `bytes` of free memory. */
  scratch(bytes: number): number;
}

/** Bytes a column of the table takes: left and right byte offset, weight of the right one. */
const COLUMN_BYTES = 12;
/** Scale and offset, four lanes each. */
const AFFINE_BYTES = 32;

/** Source position of output index `i`: TensorFlow's legacy rule, corners unaligned and no half pixels, in f32. */
function sourceOf(i: number, input: number, output: number): { low: number; high: number; weight: number } {
  const position = Math.fround(i * Math.fround(input / output));
  const low = Math.min(Math.floor(position), input - 1);
  return { low, high: Math.min(low + 1, input - 1), weight: Math.fround(position - low) };
}

/** Writes a photo as the input tensor `[1, height, width, 3]` at byte `output` of the target's memory; up to 4 bytes behind it are overwritten. */
export function resizeImage(
  image: RawImage,
  spec: Preprocessing,
  target: ResizeTarget,
  output: number,
): void {
  const { width, height, data, channels = 4 } = image;
  const rowBytes = Math.ceil(width / 4) * 16;
  const columns = target.scratch(spec.width * COLUMN_BYTES + AFFINE_BYTES + 2 * rowBytes);
  const affine = columns + spec.width * COLUMN_BYTES;
  const rows = [affine + AFFINE_BYTES, affine + AFFINE_BYTES + rowBytes];
  const bytes = new Uint8Array(target.memory.buffer);
  const view = new DataView(target.memory.buffer);

  for (let x = 0; x < spec.width; x++) {
    const { low, high, weight } = sourceOf(x, width, spec.width);
    view.setInt32(columns + x * COLUMN_BYTES, low * 4, true);
    view.setInt32(columns + x * COLUMN_BYTES + 4, high * 4, true);
    view.setFloat32(columns + x * COLUMN_BYTES + 8, weight, true);
  }
  [...spec.scale, 0, ...spec.offset, 0].forEach((value, i) => view.setFloat32(affine + i * 4, value, true));

  // Which photo row each of the two slots holds.
  const held = [-1, -1];
  const load = (row: number, keep: number): number => {
    const found = held.indexOf(row);
    if (found >= 0) return found;
    const slot = held[0] === keep ? 1 : 0;
    const start = row * width * channels;
    if (channels === 4) {
      bytes.set(data.subarray(start, start + width * 4), rows[slot]);
    } else {
      for (let x = 0, from = start, to = rows[slot]; x < width; x++, from += 3, to += 4) {
        bytes[to] = data[from];
        bytes[to + 1] = data[from + 1];
        bytes[to + 2] = data[from + 2];
      }
    }
    held[slot] = row;
    return slot;
  };
  for (let y = 0; y < spec.height; y++) {
    const { low, high, weight } = sourceOf(y, height, spec.height);
    const top = load(low, high), bottom = load(high, low);
    const row = output + y * spec.width * 12;
    target.kernels.resize_row(rows[top], rows[bottom], weight, columns, spec.width, affine, row);
  }
}
