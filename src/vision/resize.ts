/**
 * Photo to input tensor: resize and normalisation, row by row; or to RGBA bytes, which the network normalises itself. Of the photo only the rows in use are copied to wasm memory.
 *
 * @module
 */

import { ImageError } from "../errors.ts";
import type { Preprocessing } from "../graph/model_info.ts";
import type { RawImage } from "./image.ts";
import { placeImage, type Placement } from "./placement.ts";
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
const PARAMS_BYTES = 84;
/** Bytes that kernels may read past a row of a photo. */
const OVER_READ = 8;
/** Bytes that kernels may write past a row of floats. */
const OVER_WRITE = 4;

type Rule = "pillow" | "opencv" | "bilinear";

function ruleOf({ antialias, resize }: Preprocessing): Rule {
  return antialias ? "pillow" : resize === "opencv" ? "opencv" : "bilinear";
}

/** Whether photos of any size become whole bytes, so that a network may take these. */
export function resizesToBytes(spec: Preprocessing): boolean {
  return ruleOf(spec) !== "bilinear" && Number.isInteger(spec.pad ?? 0);
}

/**
 * Writes a photo as the input tensor `[1, height, width, 3]` at byte `output` of the target's memory; up to 4 bytes behind it are overwritten. With `rgba` it is the
 * photo's bytes, `[1, height, width, 4]`, alpha left open; scales, offsets and the order of channels are then the network's business.
 *
 * @throws {ImageError} If bytes are wanted, and the photo does not become whole ones.
 */
export function resizeImage(
  image: RawImage,
  spec: Preprocessing,
  target: ResizeTarget,
  output: number,
  rgba = false,
): void {
  const { pad = 0 } = spec;
  const place = placeImage(image.width, image.height, spec);
  // The part of the input that the photo covers.
  const left = Math.max(0, place.x), top = Math.max(0, place.y);
  const right = Math.min(spec.width, place.x + place.width),
    bottom = Math.min(spec.height, place.y + place.height);
  const whole = place.width === image.width && place.height === image.height;
  const covered = right - left === spec.width && bottom - top === spec.height;
  const exact = (whole || ruleOf(spec) !== "bilinear") && (covered || Number.isInteger(pad));
  if (rgba && !exact) {
    throw new ImageError(
      `Cannot use image: it is ${image.width}x${image.height}, which does not become whole bytes by "${spec.resize}" and a pad of ${pad}; wanted ${spec.width}x${spec.height}`,
    );
  }

  const part = { place, left, top, right, bottom };
  const copied = rgba && whole && (image.channels ?? 4) === 4;
  const writeRow = copied ? copyRows(image, part, target) : resizeRows(image, spec, part, target, rgba);
  // From here on the memory does not grow, which would replace its buffer.
  const { buffer } = target.memory;
  const values = rgba ? 4 : 3, pixelBytes = rgba ? 4 : 12;
  const size = spec.height * spec.width * values;
  const tensor = rgba ? new Uint8Array(buffer, output, size) : new Float32Array(buffer, output, size);
  // Rounded as pixels of the photo are.
  const { fround } = Math;
  const margin = tensor.slice(0, spec.width * values).map((_, i) =>
    rgba ? pad : fround(pad * fround(spec.scale[i % 3])) + fround(spec.offset[i % 3])
  );
  const surround = (from: number, to: number) => {
    for (let x = from; x < to; x += spec.width) {
      tensor.set(margin.subarray(0, Math.min(spec.width, to - x) * values), x * values);
    }
  };
  surround(0, top * spec.width);
  for (let y = top; y < bottom; y++) {
    const row = y * spec.width;
    writeRow(y - top, output + (row + left) * pixelBytes);
    surround(row, row + left);
    surround(row + right, row + spec.width);
  }
  surround(bottom * spec.width, spec.height * spec.width);
}

/** As `resizeImage`, to three planes of floats, `[1, 3, height, width]`: pixels are made beside them, then spread. */
export function resizeToPlanes(
  image: RawImage,
  spec: Preprocessing,
  target: ResizeTarget,
  output: number,
): void {
  const count = spec.height * spec.width, bytes = 3 * count * 4 + OVER_WRITE;
  const pixels = target.scratch(bytes), { kernels, memory } = target;
  const beside = { kernels, memory, scratch: (more: number) => target.scratch(bytes + more) + bytes };
  resizeImage(image, spec, beside, pixels);
  const from = new Float32Array(memory.buffer, pixels, 3 * count);
  const to = new Float32Array(memory.buffer, output, 3 * count);
  for (let i = 0; i < count; i++) {
    for (let c = 0; c < 3; c++) to[c * count + i] = from[3 * i + c];
  }
}

/** Where a photo lies on the input, and the part of the input that it covers. */
interface Part {
  readonly place: Placement;
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Writes row `i` of the part that a photo covers to byte `to`; rows come in order. */
type WriteRow = (i: number, to: number) => void;

/** Rows of RGBA bytes that are not resized. */
function copyRows(
  { data, width }: RawImage,
  { place, left, top, right }: Part,
  target: ResizeTarget,
): WriteRow {
  const bytes = new Uint8Array(target.memory.buffer);
  return (i, to) => {
    const at = ((top + i - place.y) * width + left - place.x) * 4;
    bytes.set(data.subarray(at, at + (right - left) * 4), to);
  };
}

/** Rows of floats, or of bytes. */
function resizeRows(
  { width, height, data, channels = 4 }: RawImage,
  spec: Preprocessing,
  { place, left, top, right, bottom }: Part,
  target: ResizeTarget,
  rgba: boolean,
): WriteRow {
  // What is not resized comes out of OpenCV's rule as it is, whatever the network's own.
  const whole = place.width === width && place.height === height;
  const rule = rgba && whole ? "opencv" : ruleOf(spec);
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
  put(Int32Array.of(rgba ? 4 : 12), params + 80);
  const channelOrder = spec.channels === "bgr" && !rgba ? [2, 1, 0] : [0, 1, 2];
  const order = channelOrder.flatMap((c) => [c, 255, c + channels, 255]);
  bytes.set([...order, 255, 255, 255, 255], params + 64);
  put(columns.starts.map((start) => start - first), starts);
  put(columns.weights, columnWeights);
  put(rows.weights, rowWeights);

  const weightBytes = rows.weights.byteLength / rows.starts.length;
  const sourceOf = (row: number) => source + (row & 1) * rowBytes;
  const ringOf = (row: number) => ring + row % slots * 4;
  const load = (row: number) => {
    const at = Math.min(Math.max(row, 0), height - 1) * width;
    bytes.set(data.subarray((at + first) * channels, (at + last) * channels), sourceOf(row));
  };
  // The first row of the photo that has not been loaded.
  let next = -1;
  return (i, to) => {
    const start = rows.starts[i], weights = rowWeights + i * weightBytes;
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
  };
}
