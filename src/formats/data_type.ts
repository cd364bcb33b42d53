/**
 * Types of values that weights are stored as, little-endian, and how they become f32.
 *
 * @module
 */

/** How one type of value is stored. */
export interface DataType {
  /** Usual name. */
  readonly name: string;
  /** Bytes of a value. */
  readonly size: number;
  /** Value number `i`. */
  readonly get: (view: DataView, i: number) => number;
}

/** Types by name. */
export const dataTypes = {
  float32: { name: "float32", size: 4, get: (view, i) => view.getFloat32(4 * i, true) },
  float64: { name: "float64", size: 8, get: (view, i) => view.getFloat64(8 * i, true) },
  float16: { name: "float16", size: 2, get: (view, i) => fromFloat16(view.getUint16(2 * i, true)) },
  bfloat16: { name: "bfloat16", size: 2, get: (view, i) => fromBfloat16(view.getUint16(2 * i, true)) },
  int64: { name: "int64", size: 8, get: (view, i) => Number(view.getBigInt64(8 * i, true)) },
  int32: { name: "int32", size: 4, get: (view, i) => view.getInt32(4 * i, true) },
  int16: { name: "int16", size: 2, get: (view, i) => view.getInt16(2 * i, true) },
  int8: { name: "int8", size: 1, get: (view, i) => view.getInt8(i) },
  uint16: { name: "uint16", size: 2, get: (view, i) => view.getUint16(2 * i, true) },
  uint8: { name: "uint8", size: 1, get: (view, i) => view.getUint8(i) },
  bool: { name: "bool", size: 1, get: (view, i) => view.getUint8(i) === 0 ? 0 : 1 },
} as const satisfies Record<string, DataType>;

/** Packed values as f32: a view of `bytes` where they are f32 and aligned. */
export function toFloats(bytes: Uint8Array, type: DataType): Float32Array {
  const count = bytes.length / type.size;
  if (type === dataTypes.float32) {
    return bytes.byteOffset % 4 === 0
      ? new Float32Array(bytes.buffer, bytes.byteOffset, count)
      : new Float32Array(bytes.slice().buffer);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float32Array.from({ length: count }, (_, i) => type.get(view, i));
}

/** Half precision: 1 bit of sign, 5 of exponent, 10 of fraction (IEEE 754). */
export function fromFloat16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1, exponent = bits >> 10 & 0x1f, fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const scratch = new DataView(new ArrayBuffer(4));

/** The upper half of an f32. */
export function fromBfloat16(bits: number): number {
  scratch.setUint32(0, bits << 16);
  return scratch.getFloat32(0);
}
