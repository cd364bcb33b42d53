/**
 * Encoded photos to pixels. Codecs are loaded when their format first comes up.
 *
 * @module
 */

import { codecBinary, withoutProcess } from "./codec.ts";
import { broken, type ImageHeader, sniff } from "./sniff.ts";
import { MAX_PIXELS, type RawImage } from "./image.ts";
import { orient } from "./orient.ts";

/** How to decode. */
export interface DecodeOptions {
  /** Most pixels; larger photos are refused unread. Default 50 million. */
  readonly maxPixels?: number;
  /** Whether to turn the photo as its EXIF orientation says. Default `true`. */
  readonly orient?: boolean;
}

/** Pixels as codecs give them: RGBA. */
interface Pixels {
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
}

/**
 * Decodes a JPEG (baseline, progressive, grey, CMYK), PNG (8 or 16 bits, palette, alpha) or still WebP to upright RGBA pixels. CMYK is converted without its
 * profile; 16 bits are cut to 8.
 *
 * @throws {ImageError} If the bytes are of another format, broken, cut off, or too large.
 */
export async function decodeImage(bytes: Uint8Array, options: DecodeOptions = {}): Promise<RawImage> {
  const header = sniff(bytes, options.maxPixels ?? MAX_PIXELS);
  let pixels: Pixels;
  try {
    pixels = await decoders[header.format](bytes, header);
  } catch (cause) {
    throw broken(header.format, reasonOf(cause), cause);
  }
  const { data, width, height } = pixels;
  if (width !== header.width || height !== header.height || data.length !== width * height * 4) {
    throw broken(
      header.format,
      `its header says ${header.width}x${header.height}, it holds ${width}x${height}`,
    );
  }
  const image: RawImage = { data, width, height, channels: 4 };
  return options.orient === false ? image : orient(image, header.orientation);
}

const decoders: Readonly<
  Record<ImageHeader["format"], (bytes: Uint8Array, header: ImageHeader) => Promise<Pixels>>
> = {
  jpeg: (bytes, { channels }) => channels === 4 ? decodeCmyk(bytes) : decodeJpeg(bytes),
  png: async (bytes) => (await import("./png.ts")).decodePng(bytes),
  async webp(bytes) {
    const { default: decode, init } = await import("@jsquash/webp/decode.js");
    webpReady ??= codecBinary("@jsquash/webp/codec/dec/webp_dec.wasm").then((wasmBinary) =>
      withoutProcess(() => init({ ...wasmBinary && { wasmBinary } } as Parameters<typeof init>[0]))
    );
    await webpReady;
    return pixelsOf(await decode(bufferOf(bytes)));
  },
};

let webpReady: Promise<void> | undefined;

/** What the JPEG codec had to say about the photo at hand. */
let complaints: string[] = [];
let jpegReady = false;
let jpegTurn: Promise<unknown> = Promise.resolve();

/** One after the other: the codec and its complaints are the same for all. */
function decodeJpeg(bytes: Uint8Array): Promise<Pixels> {
  const turn = jpegTurn.then(() => decodeJpegAlone(bytes));
  jpegTurn = turn.catch(() => {});
  return turn;
}

async function decodeJpegAlone(bytes: Uint8Array): Promise<Pixels> {
  const { default: decode, init } = await import("@jsquash/jpeg/decode.js");
  if (!jpegReady) {
    const wasmBinary = await codecBinary("@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm");
    const printErr = (line: string): void => void complaints.push(line);
    const options = { printErr, ...wasmBinary && { wasmBinary } } as Parameters<typeof init>[0];
    await withoutProcess(() => init(options));
  }
  complaints = [];
  // A codec that has given up on a photo does not recover: the next one gets a new codec.
  jpegReady = false;
  try {
    const pixels = pixelsOf(await decode(bufferOf(bytes)));
    jpegReady = true;
    if (complaints.some((line) => line.startsWith("Premature end"))) throw new Error("it ends early");
    return pixels;
  } catch (cause) {
    throw complaints.length > 0 ? new Error(complaints.join("; "), { cause }) : cause;
  }
}

/** The JPEG codec above knows no CMYK; this one, slower, does. */
async function decodeCmyk(bytes: Uint8Array): Promise<Pixels> {
  const { default: jpeg } = await import("jpeg-js");
  return jpeg.decode(bytes, { useTArray: true, tolerantDecoding: false, maxMemoryUsageInMB: 2048 });
}

/** Codecs give bytes, whatever else `ImageData` may hold by now. */
function pixelsOf({ data, width, height }: ImageData): Pixels {
  return { data: data as Uint8ClampedArray, width, height };
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error && cause.message !== ""
    ? cause.message.split("\n")[0]
    : "the codec gave up on it";
}

/** The bytes as a buffer of their own, copied only where they are part of a larger one. */
function bufferOf(bytes: Uint8Array): ArrayBuffer {
  const { buffer, byteLength } = bytes;
  return (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength
    ? buffer
    : bytes.slice().buffer) as ArrayBuffer;
}
