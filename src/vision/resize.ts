/**
 * Photo to input tensor: resize and normalisation, row by row. Of the photo only the rows in use are copied to wasm memory.
 *
 * @module
 */

import type { Preprocessing } from "../graph/model_info.ts";
import type { RawImage } from "./image.ts";
import { placeImage } from "./placement.ts";
import { bilinearTaps, opencvTaps, pillowTaps } from "./taps.ts";

/** Where the kernels of `asm/resize_bytes.ts` work; a `Session` is one. */
export interface ResizeTarget {
  readonly kernels:
    & Record<
      "bilinear" | "opencv",
      (params: number, upper: number, lower: number, weights: number, output: number) => void
    >
    & Record<"pillow_across", (params: number, upper: number, lower: number, ring: number) => void>
    & Record<"pillow_down", (params: number, ring: number, weights: number, output: number) => void>;
  readonly memory: WebAssembly.Memory;
  /** Byte offset of at least `bytes` of free memory. */
  scratch(bytes: number): number;
}

/** Bytes of the kernels' parameter block. */
const PARAMS_BYTES = 80;
/** Bytes that kernels may read past a row of a photo. */
const OVER_READ = 8;

/** Writes a photo as the input tensor `[1, height, width, 3]` at byte `output` of the target's memory; up to 4 bytes behind it are overwritten. */
export function resizeImage(
  image: RawImage,
  spec: Preprocessing,
  target: ResizeTarget,
  output: number,
): void {
  const { width, height, data, channels = 4 } = image;
  const place = placeImage(width, height, spec);
  // The part of the input that the photo covers.
  const left = Math.max(0, place.x), top = Math.max(0, place.y);
  const right = Math.min(spec.width, place.x + place.width),
    bottom = Math.min(spec.height, place.y + place.height);

  const rule = spec.antialias ? "pillow" : spec.resize === "opencv" ? "opencv" : "bilinear";
  const tapsOf = { bilinear: bilinearTaps(spec.resize), opencv: opencvTaps, pillow: pillowTaps }[rule];
  const columns = tapsOf(width, place.width, left - place.x, right - place.x, "x");
  const rows = tapsOf(height, place.height, top - place.y, bottom - place.y, "y");
  const first = columns.starts[0], end = columns.starts.at(-1)! + columns.count;
  const last = Math.min(end, width);

  const rowBytes = (end - first) * channels + OVER_READ;
  // Rows go into the ring by twos, of which a window may want but one at either end.
  const slots = rows.count + 2;
  // A column of the ring, twice.
  const pitch = rule === "pillow" ? 2 * slots * 4 : 0;
  const regions = [
    PARAMS_BYTES,
    columns.starts.byteLength,
    columns.weights.byteLength,
    rows.weights.byteLength,
    pitch * columns.starts.length,
    2 * rowBytes,
  ];
  let free = target.scratch(regions.reduce((a, b) => a + b));
  const [params, starts, columnWeights, rowWeights, ring, source] = regions.map((bytes) =>
    (free += bytes) - bytes
  );
  const { kernels, memory: { buffer } } = target;
  const bytes = new Uint8Array(buffer);
  const put = ({ buffer, byteOffset, byteLength }: ArrayBufferView, at: number) =>
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);

  const pairs = [columns.count / 2, rows.count / 2];
  put(Int32Array.of(starts, columnWeights, right - left, channels, ...pairs, pitch), params);
  put(Float32Array.of(...spec.scale, 0, ...spec.offset, 0), params + 32);
  const order = (spec.channels === "bgr" ? [2, 1, 0] : [0, 1, 2]).flatMap((c) => [c, 255, c + channels, 255]);
  bytes.set([...order, 255, 255, 255, 255], params + 64);
  put(columns.starts.map((start) => start - first), starts);
  put(columns.weights, columnWeights);
  put(rows.weights, rowWeights);

  const weightBytes = rows.weights.byteLength / rows.starts.length;
  const sourceOf = (row: number) => source + (row & 1) * rowBytes;
  const ringOf = (row: number) => ring + row % slots * 4;
  const tensor = new Float32Array(buffer, output, spec.height * spec.width * 3);
  const margin = new Float32Array(spec.width * 3).map((_, i) =>
    (spec.pad ?? 0) * spec.scale[i % 3] + spec.offset[i % 3]
  );
  const surround = (from: number, to: number) => {
    for (let x = from; x < to; x += spec.width) {
      tensor.set(margin.subarray(0, Math.min(spec.width, to - x) * 3), x * 3);
    }
  };
  surround(0, top * spec.width);
  const load = (row: number) => {
    const at = Math.min(Math.max(row, 0), height - 1) * width;
    bytes.set(data.subarray((at + first) * channels, (at + last) * channels), sourceOf(row));
  };
  // The first row of the photo that has not been loaded.
  let next = -1;
  rows.starts.forEach((start, i) => {
    const row = (top + i) * spec.width;
    const to = output + (row + left) * 12, weights = rowWeights + i * weightBytes;
    if (rule === "pillow") {
      for (next = Math.max(next, start & ~1); next < start + rows.count; next += 2) {
        load(next);
        load(next + 1);
        kernels.pillow_across(params, sourceOf(next), sourceOf(next + 1), ringOf(next));
      }
      kernels.pillow_down(params, ringOf(start), weights, to);
    } else {
      for (next = Math.max(next, start); next < start + rows.count; next++) load(next);
      kernels[rule](params, sourceOf(start), sourceOf(start + 1), weights, to);
    }
    surround(row, row + left);
    surround(row + right, row + spec.width);
  });
  surround(bottom * spec.width, spec.height * spec.width);
}
