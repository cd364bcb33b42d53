/**
 * Darknet's `.weights`: a header, then little-endian f32 values in the order of the layers (AlexeyAB/darknet, src/parser.c: load_weights_upto).
 *
 * @module
 */

import { ModelError } from "../../errors.ts";

/** Hands out values one after the other. */
export class WeightReader {
  readonly #values: Float32Array;
  #at = 0;

  /**
   * Reads the header: major, minor and revision, then how many pictures were seen, 64 bits of it from version 0.2 on.
   *
   * @throws {ModelError} If the file is too short for a header.
   */
  constructor(bytes: Uint8Array) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (bytes.length < 16) {
      throw new ModelError(`Cannot read darknet weights: the file is ${bytes.length} bytes, wanted a header`);
    }
    const major = view.getInt32(0, true), minor = view.getInt32(4, true);
    const start = major * 10 + minor >= 2 && major < 1000 && minor < 1000 ? 20 : 16;
    const count = Math.floor((bytes.length - start) / 4);
    this.#values = new Float32Array(bytes.slice(start, start + count * 4).buffer);
  }

  /**
   * The next `count` values.
   *
   * @throws {ModelError} If the file ends before.
   */
  take(count: number, where: string): Float32Array {
    const end = this.#at + count;
    if (end > this.#values.length) {
      throw new ModelError(
        `Cannot read darknet weights: ${where} wants ${count} values, ${
          this.#values.length - this.#at
        } are left; is it the file of this cfg?`,
      );
    }
    const values = this.#values.subarray(this.#at, end);
    this.#at = end;
    return values;
  }

  /**
   * Ends the reading.
   *
   * @throws {ModelError} If values are left.
   */
  finish(): void {
    const left = this.#values.length - this.#at;
    if (left > 0) {
      throw new ModelError(
        `Cannot read darknet weights: ${left} values are left over; is it the file of this cfg?`,
      );
    }
  }
}
