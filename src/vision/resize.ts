/**
 * Photo to input tensor: resize and normalisation in one pass, row by row. Of the photo only the two rows in use are copied to wasm memory.
 *
 * @module
 */

import type { Preprocessing } from "../graph/model_info.ts";
import { resizeFixed } from "./fixed_point.ts";
import type { RawImage } from "./image.ts";
import { placeImage } from "./placement.ts";
import { shrinkImage } from "./shrink.ts";

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

/** Source position of index `i` of `output` pixels that stand for `input` of the photo, in f32. */
function sourceOf(
  i: number,
  input: number,
  output: number,
  rule: Preprocessing["resize"],
): { low: number; high: number; weight: number } {
  const scale = rule === "align_corners"
    ? output > 1 ? Math.fround((input - 1) / (output - 1)) : 0
    : Math.fround(input / output);
  const shift = rule === "half_pixel" || rule === "opencv" ? 0.5 : 0;
  const position = Math.max(0, Math.fround((i + shift) * scale - shift));
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
  let place = placeImage(image.width, image.height, spec);
  // The part of the input that the photo covers.
  const left = Math.max(0, place.x), top = Math.max(0, place.y);
  const right = Math.min(spec.width, place.x + place.width),
    bottom = Math.min(spec.height, place.y + place.height);
  if (spec.antialias) image = shrinkImage(image, place.width, place.height);
  if (spec.resize === "opencv") {
    image = resizeFixed(image, place, spec.width, spec.height);
    place = { x: left, y: top, width: image.width, height: image.height };
  }
  const { width, height, data, channels = 4 } = image;
  const across = right - left;

  const rowBytes = Math.ceil(width / 4) * 16;
  const columns = target.scratch(spec.width * COLUMN_BYTES + AFFINE_BYTES + 2 * rowBytes);
  const affine = columns + spec.width * COLUMN_BYTES;
  const rows = [affine + AFFINE_BYTES, affine + AFFINE_BYTES + rowBytes];
  const bytes = new Uint8Array(target.memory.buffer);
  const view = new DataView(target.memory.buffer);

  for (let x = 0; x < across; x++) {
    const { low, high, weight } = sourceOf(left + x - place.x, width, place.width, spec.resize);
    view.setInt32(columns + x * COLUMN_BYTES, low * 4, true);
    view.setInt32(columns + x * COLUMN_BYTES + 4, high * 4, true);
    view.setFloat32(columns + x * COLUMN_BYTES + 8, weight, true);
  }
  [...spec.scale, 0, ...spec.offset, 0].forEach((value, i) => view.setFloat32(affine + i * 4, value, true));

  const swapped = spec.channels === "bgr";
  // Which photo row each of the two slots holds.
  const held = [-1, -1];
  const load = (row: number, keep: number): number => {
    const found = held.indexOf(row);
    if (found >= 0) return found;
    const slot = held[0] === keep ? 1 : 0;
    const start = row * width * channels;
    if (channels === 4 && !swapped) {
      bytes.set(data.subarray(start, start + width * 4), rows[slot]);
    } else {
      const [first, last] = swapped ? [2, 0] : [0, 2];
      for (let x = 0, from = start, to = rows[slot]; x < width; x++, from += channels, to += 4) {
        bytes[to] = data[from + first];
        bytes[to + 1] = data[from + 1];
        bytes[to + 2] = data[from + last];
      }
    }
    held[slot] = row;
    return slot;
  };
  const fill = spec.scale.map((scale, c) => (spec.pad ?? 0) * scale + spec.offset[c]);
  const tensor = new Float32Array(target.memory.buffer, output, spec.height * spec.width * 3);
  const surround = (from: number, to: number) => {
    for (let i = from * 3; i < to * 3; i++) tensor[i] = fill[i % 3];
  };
  surround(0, top * spec.width);
  for (let y = top; y < bottom; y++) {
    const { low, high, weight } = sourceOf(y - place.y, height, place.height, spec.resize);
    const upper = load(low, high), lower = load(high, low);
    const row = y * spec.width;
    target.kernels.resize_row(
      rows[upper],
      rows[lower],
      weight,
      columns,
      across,
      affine,
      output + (row + left) * 12,
    );
    surround(row, row + left);
    surround(row + right, row + spec.width);
  }
  surround(bottom * spec.width, spec.height * spec.width);
}
