/**
 * What an image is to the rest of the code: 8-bit pixels in rows, nothing else.
 *
 * @module
 */

/** Decoded pixels, `[height, width, channels]` row-major, 8 bits a channel, upright. */
export interface RawImage {
  /** `height * width * channels` bytes: RGB or RGBA, straight (not premultiplied) alpha. */
  readonly data: Uint8Array | Uint8ClampedArray;
  /** Width in pixels. */
  readonly width: number;
  /** Height in pixels. */
  readonly height: number;
  /** 3 (RGB) or 4 (RGBA); 4 when left out, as in `ImageData`. */
  readonly channels?: 3 | 4;
}

/** Anything the library accepts as a photo. Encoded bytes may be JPEG, PNG or WebP. */
export type ImageInput = Uint8Array | ArrayBuffer | Blob | Response | ImageData | RawImage;

/** Most pixels a photo may have before it is refused unread; 50 megapixels. */
export const MAX_PIXELS = 50_000_000;
