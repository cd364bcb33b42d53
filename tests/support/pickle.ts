/** Pickles and archives written by hand, opcode by opcode (CPython, Lib/pickletools.py). */
import { zipSync } from "fflate";

/** A pickle in parts: text is opcodes and lines, numbers are bytes. */
export function pickle(...parts: readonly (string | number | Uint8Array)[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) =>
      typeof part === "number"
        ? [part]
        : typeof part === "string"
        ? [...part].map((letter) => letter.charCodeAt(0))
        : [...part]
    ),
  );
}

/** A little-endian integer. */
export function integer(value: number | bigint, size: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true);
  return bytes.subarray(0, size);
}

/** BINUNICODE. */
export function text(value: string): Uint8Array {
  return pickle("X", integer(value.length, 4), value);
}

/** A tensor by `_rebuild_tensor_v2`: f32 values of storage `key`. */
export function tensor(
  key: string,
  count: number,
  shape: number[],
  strides: number[],
  offset = 0,
): Uint8Array {
  const tuple = (numbers: number[]) =>
    pickle("(", ...numbers.map((n) => pickle("J", integer(n >>> 0, 4))), "t");
  const id = pickle(
    "(",
    text("storage"),
    "ctorch\nFloatStorage\n",
    text(key),
    text("cpu"),
    "J",
    integer(count, 4),
    "tQ",
  );
  const args = pickle("(", id, "J", integer(offset, 4), tuple(shape), tuple(strides), 0x89, "N", "t");
  return pickle("ctorch._utils\n_rebuild_tensor_v2\n", args, "R");
}

/** A pickle of protocol 2 of one dictionary. */
export function dict(entries: Readonly<Record<string, Uint8Array>>): Uint8Array {
  return pickle(
    0x80,
    2,
    "}(",
    ...Object.entries(entries).flatMap(([key, value]) => [text(key), value]),
    "u.",
  );
}

/** An archive as `torch.save` writes it, stored (level 0) or deflated. */
export function archive(
  pickled: Uint8Array,
  storages: Readonly<Record<string, Uint8Array>> = {},
  { level = 0, byteorder = "little" }: { level?: 0 | 9; byteorder?: string } = {},
): Uint8Array {
  const data = Object.fromEntries(Object.entries(storages).map(([key, bytes]) => [`a/data/${key}`, bytes]));
  return zipSync(
    { "a/data.pkl": pickled, "a/byteorder": new TextEncoder().encode(byteorder), ...data },
    { level },
  );
}

/** The bytes of f32 values. */
export function floats(...values: number[]): Uint8Array {
  return new Uint8Array(Float32Array.from(values).buffer);
}
