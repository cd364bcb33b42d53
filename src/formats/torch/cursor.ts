/**
 * Reads a buffer from its beginning to its end.
 *
 * @module
 */

/** Takes numbers, strings and lines off a buffer. */
export class Cursor {
  /** The next byte. */
  at: number;
  readonly bytes: Uint8Array;
  readonly view: DataView;

  /** Starts at byte `at`. */
  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = at;
  }

  /** Moves past `count` bytes; gives where they begin. */
  skip(count: number): number {
    if (!(count <= this.bytes.length - this.at)) {
      throw new Error(`it wants ${count} bytes, ${this.bytes.length - this.at} are left`);
    }
    const begin = this.at;
    this.at += count;
    return begin;
  }

  /** A byte. */
  u8(): number {
    return this.view.getUint8(this.skip(1));
  }

  /** An unsigned integer of 2 bytes. */
  u16(): number {
    return this.view.getUint16(this.skip(2), true);
  }

  /** An integer of 4 bytes. */
  i32(): number {
    return this.view.getInt32(this.skip(4), true);
  }

  /** An unsigned integer of 4 bytes. */
  u32(): number {
    return this.view.getUint32(this.skip(4), true);
  }

  /** An unsigned integer of 8 bytes, not exact beyond 2^53. */
  u64(): number {
    return Number(this.view.getBigUint64(this.skip(8), true));
  }

  /** A big-endian float of 8 bytes. */
  f64(): number {
    return this.view.getFloat64(this.skip(8), false);
  }

  /** `count` bytes, where they lie. */
  take(count: number): Uint8Array {
    const begin = this.skip(count);
    return this.bytes.subarray(begin, begin + count);
  }

  /** UTF-8 of `count` bytes. */
  text(count: number): string {
    return new TextDecoder().decode(this.take(count));
  }

  /** Text up to a line feed, which is left out. */
  line(): string {
    const end = this.bytes.indexOf(0x0a, this.at);
    if (end < 0) throw new Error("its line has no end");
    const text = this.text(end - this.at);
    this.at++;
    return text;
  }

  /** A little-endian two's complement integer; a `bigint` only where a number would not be exact. */
  integer(count: number): number | bigint {
    const bytes = this.take(count);
    let value = 0n;
    bytes.forEach((byte, i) => value |= BigInt(byte) << BigInt(8 * i));
    value = BigInt.asIntN(8 * count, value);
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }
}
