/**
 * Pixels to encoded photos. Codecs are loaded when their format first comes up.
 *
 * @module
 */

import { OptionError } from "../errors.ts";
import { codecBinary, withoutProcess } from "./codec.ts";
import type { RawImage } from "./image.ts";

/** Quality of a JPEG where none is asked for. */
const JPEG_QUALITY = 90;

let jpegReady: Promise<void> | undefined;

/**
 * Encodes a picture; JPEG drops the alpha channel. `quality`, 1 to 100, is for JPEG alone.
 *
 * @throws {OptionError} If the quality is out of range.
 */
export async function encodeImage(
  image: RawImage,
  format: "jpeg" | "png",
  quality: number = JPEG_QUALITY,
): Promise<Uint8Array<ArrayBuffer>> {
  if (!(quality >= 1 && quality <= 100)) {
    throw new OptionError(`quality must be from 1 to 100, not ${quality}`);
  }
  const pixels = {
    data: rgba(image),
    width: image.width,
    height: image.height,
    colorSpace: "srgb",
  } as ImageData;
  if (format === "png") {
    const { default: encode, init } = await import("@jsquash/png/encode.js");
    await init(await codecBinary("@jsquash/png/codec/pkg/squoosh_png_bg.wasm"));
    return new Uint8Array(await encode(pixels));
  }
  const { default: encode, init } = await import("@jsquash/jpeg/encode.js");
  jpegReady ??= codecBinary("@jsquash/jpeg/codec/enc/mozjpeg_enc.wasm").then((wasmBinary) =>
    withoutProcess(() => init({ ...wasmBinary && { wasmBinary } } as Parameters<typeof init>[0]))
  );
  await jpegReady;
  return new Uint8Array(await encode(pixels, { quality }));
}

/** The pixels with an alpha channel. */
export function rgba({ data, width, height, channels = 4 }: RawImage): Uint8ClampedArray<ArrayBuffer> {
  if (channels === 4) return new Uint8ClampedArray(data);
  const to = new Uint8ClampedArray(width * height * 4);
  for (let from = 0, at = 0; at < to.length; from += 3, at += 4) {
    to[at] = data[from];
    to[at + 1] = data[from + 1];
    to[at + 2] = data[from + 2];
    to[at + 3] = 255;
  }
  return to;
}
