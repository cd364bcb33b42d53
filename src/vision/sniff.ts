/**
 * What encoded bytes are, told from their header alone: nothing is decoded, and nothing allocated, for a file that cannot be had.
 *
 * @module
 */

import { ImageError } from "../errors.ts";
import { MAX_PIXELS } from "./image.ts";

/** What a header says. */
export interface ImageHeader {
  readonly format: "jpeg" | "png" | "webp";
  /** Width in pixels as stored, before any orientation. */
  readonly width: number;
  /** Height in pixels as stored. */
  readonly height: number;
  /** Channels as stored; 4 in a JPEG means CMYK or YCCK. */
  readonly channels: number;
  /** EXIF orientation, 1 (upright) to 8. */
  readonly orientation: number;
}

const ascii = (bytes: Uint8Array, at: number, length: number): string =>
  String.fromCharCode(...bytes.subarray(at, at + length));

/**
 * Reads the header of a JPEG, PNG or WebP file and checks that the file is whole.
 *
 * @throws {ImageError} If it is none of these (`unsupported_image`), broken or cut off (`bad_image`), or larger than `maxPixels` (`image_too_large`).
 */
export function sniff(bytes: Uint8Array, maxPixels: number = MAX_PIXELS): ImageHeader {
  const header = readHeader(bytes);
  const { format, width, height } = header;
  if (width < 1 || height < 1) throw broken(format, `it is ${width}x${height} pixels`);
  if (width * height > maxPixels) {
    throw new ImageError(
      `Cannot decode ${format}: ${width}x${height} is more than ${maxPixels} pixels; make it smaller`,
      "image_too_large",
    );
  }
  return header;
}

/** The error for a file that is not what its header says. */
export function broken(format: string, why: string, cause?: unknown): ImageError {
  return new ImageError(`Cannot decode ${format}: ${why}`, "bad_image", { cause });
}

function readHeader(bytes: Uint8Array): ImageHeader {
  if (bytes.length === 0) {
    throw new ImageError("Cannot decode image: it is empty, wanted a JPEG, PNG or WebP");
  }
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return readJpeg(bytes);
  if (ascii(bytes, 0, 8) === "\x89PNG\r\n\x1a\n") return readPng(bytes);
  if (ascii(bytes, 0, 4) === "RIFF" && ascii(bytes, 8, 4) === "WEBP") return readWebp(bytes);
  throw new ImageError(
    `Cannot decode image: it is ${nameOf(bytes)}, wanted a JPEG, PNG or WebP`,
    "unsupported_image",
  );
}

/** Kinds of file that people try, by what stands at an offset. */
const KNOWN: readonly (readonly [name: string, at: number, magic: string])[] = [
  ["a GIF", 0, "GIF8"],
  ["a BMP", 0, "BM"],
  ["a TIFF", 0, "II*\0"],
  ["a TIFF", 0, "MM\0*"],
  ["an AVIF", 4, "ftypavif"],
  ["a HEIC", 4, "ftyphei"],
  ["a HEIF", 4, "ftypmif1"],
  ["a video", 4, "ftyp"],
  ["a JPEG XL", 0, "\xff\x0a"],
  ["a PDF", 0, "%PDF"],
];

function nameOf(bytes: Uint8Array): string {
  const known = KNOWN.find(([, at, magic]) => ascii(bytes, at, magic.length) === magic);
  if (known) return known[0];
  const head = bytes.subarray(0, 512);
  return head.every((b) => b >= 0x20 || b === 9 || b === 10 || b === 13) ? "text" : "of an unknown format";
}

/** Markers of a JPEG that stand alone, without a length: restarts and TEM. */
const standsAlone = (marker: number) => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7);

/** Walks the segments of a JPEG to its end-of-image marker. */
function readJpeg(bytes: Uint8Array): ImageHeader {
  const view = viewOf(bytes);
  let frame: Omit<ImageHeader, "format" | "orientation"> | undefined;
  let orientation = 1, at = 2, scans = 0;
  for (;;) {
    // Between segments, and in entropy-coded data, everything up to the next marker is skipped.
    at = bytes.indexOf(0xff, at);
    while (at >= 0 && bytes[at + 1] === 0xff) at++;
    if (at < 0 || at + 1 >= bytes.length) break;
    const marker = bytes[at + 1];
    at += 2;
    if (marker === 0 || standsAlone(marker)) continue;
    if (marker === 0xd9) {
      if (!frame || scans === 0) throw broken("jpeg", "it has no picture");
      return { format: "jpeg", ...frame, orientation };
    }
    if (at + 2 > bytes.length) break;
    const length = view.getUint16(at), end = at + length;
    if (length < 2) throw broken("jpeg", `a segment at byte ${at} is ${length} bytes long`);
    if (end > bytes.length) break;
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame && length >= 8) {
      frame = { height: view.getUint16(at + 3), width: view.getUint16(at + 5), channels: bytes[at + 7] };
    } else if (marker === 0xe1 && ascii(bytes, at + 2, 6) === "Exif\0\0") {
      orientation = readOrientation(bytes.subarray(at + 8, end));
    } else if (marker === 0xda) scans++;
    at = end;
  }
  throw broken("jpeg", `it is cut off after ${bytes.length} bytes`);
}

function readPng(bytes: Uint8Array): ImageHeader {
  const view = viewOf(bytes);
  if (bytes.length < 33 || ascii(bytes, 12, 4) !== "IHDR") throw broken("png", "it has no header");
  const channels = { 0: 1, 2: 3, 3: 3, 4: 2, 6: 4 }[bytes[25]];
  if (channels === undefined) throw broken("png", `it is of colour type ${bytes[25]}`);
  const header = { width: view.getUint32(16), height: view.getUint32(20), channels };
  // A header may lie about its size before the file is found to be cut: the size is judged first.
  if (header.width * header.height > MAX_PIXELS) return { format: "png", ...header, orientation: 1 };
  let orientation = 1, at = 8;
  while (at + 12 <= bytes.length) {
    const length = view.getUint32(at), kind = ascii(bytes, at + 4, 4);
    if (at + 12 + length > bytes.length) break;
    if (kind === "eXIf") orientation = readOrientation(bytes.subarray(at + 8, at + 8 + length));
    if (kind === "IEND") return { format: "png", ...header, orientation };
    at += 12 + length;
  }
  throw broken("png", `it is cut off after ${bytes.length} bytes`);
}

function readWebp(bytes: Uint8Array): ImageHeader {
  const view = viewOf(bytes);
  const end = bytes.length < 12 ? Infinity : view.getUint32(4, true) + 8;
  if (end > bytes.length) throw broken("webp", `it is cut off after ${bytes.length} bytes`);
  let size: { width: number; height: number; channels: number } | undefined;
  let orientation = 1;
  for (let at = 12; at + 8 <= end;) {
    const kind = ascii(bytes, at, 4), length = view.getUint32(at + 4, true), data = at + 8;
    if (data + length > end) throw broken("webp", `chunk ${JSON.stringify(kind)} is cut off`);
    if (kind === "VP8X" && length >= 10) {
      if (bytes[data] & 2) {
        throw new ImageError(
          "Cannot decode webp: it is animated, wanted a still picture",
          "unsupported_image",
        );
      }
      const u24 = (i: number) => bytes[i] | bytes[i + 1] << 8 | bytes[i + 2] << 16;
      size = { width: u24(data + 4) + 1, height: u24(data + 7) + 1, channels: 4 };
    } else if (kind === "VP8 " && length >= 10) {
      const extent = (i: number) => view.getUint16(i, true) & 0x3fff;
      size ??= { width: extent(data + 6), height: extent(data + 8), channels: 3 };
    } else if (kind === "VP8L" && length >= 5) {
      const word = view.getUint32(data + 1, true);
      size ??= { width: (word & 0x3fff) + 1, height: (word >>> 14 & 0x3fff) + 1, channels: 4 };
    } else if (kind === "EXIF") {
      const exif = bytes.subarray(data, data + length);
      orientation = readOrientation(ascii(exif, 0, 6) === "Exif\0\0" ? exif.subarray(6) : exif);
    }
    at = data + length + length % 2;
  }
  if (!size) throw broken("webp", "it has no picture");
  return { format: "webp", ...size, orientation };
}

/** The orientation tag of a TIFF structure (EXIF 2.3, section 4.6.4); 1 where there is none that makes sense. */
function readOrientation(tiff: Uint8Array): number {
  if (tiff.length < 14) return 1;
  const view = viewOf(tiff);
  const little = ascii(tiff, 0, 2) === "II";
  const directory = view.getUint32(4, little);
  if (directory + 2 > tiff.length) return 1;
  const entries = view.getUint16(directory, little);
  for (let i = 0; i < entries; i++) {
    const at = directory + 2 + i * 12;
    if (at + 12 > tiff.length) return 1;
    if (view.getUint16(at, little) !== 0x0112) continue;
    const value = view.getUint16(at + 8, little);
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
