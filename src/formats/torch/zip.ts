/**
 * Zip archives (PKWARE, APPNOTE.TXT, sections 4.3 and 4.5.3): the directory at the end, its 64-bit form, and entries stored or deflated.
 *
 * @module
 */

import { Inflate } from "fflate";

/** How many times its packed size an entry may take; trained values hardly pack at all. */
const MAX_RATIO = 64;

/** Bytes of packed data that are unpacked at once: what they become is bounded before more is. */
const CHUNK_BYTES = 2 ** 14;

/** Longest comment behind the end of the directory. */
const MAX_COMMENT_BYTES = 0xffff;

const ENTRY_BYTES = 46, LOCAL_BYTES = 30, END_BYTES = 22, LOCATOR_BYTES = 20, END64_BYTES = 56;

/** What a 32-bit field says whose value stands in the 64-bit form. */
const ELSEWHERE = 0xffffffff;

/** What a directory tells of one file. */
export interface ZipEntry {
  /** Path in the archive. */
  readonly name: string;
  /** 0 where it is stored, 8 where it is deflated. */
  readonly method: number;
  /** CRC-32 of its bytes; 0 where PyTorch was told to compute none. */
  readonly crc: number;
  /** Bytes in the archive. */
  readonly packed: number;
  /** Bytes once unpacked. */
  readonly size: number;
  /** Where its local header lies. */
  readonly at: number;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function integer64(view: DataView, at: number): number {
  return Number(view.getBigUint64(at, true));
}

/** Where the directory's end record lies. */
function findEnd(bytes: Uint8Array, view: DataView): number {
  const first = Math.max(0, bytes.length - END_BYTES - MAX_COMMENT_BYTES);
  for (let at = bytes.length - END_BYTES; at >= first; at--) {
    if (view.getUint32(at, true) === 0x06054b50) return at;
  }
  throw new Error("its directory is missing: the file is cut; fetch it again");
}

/** Number of entries, length and offset of the directory. */
function readEnd(bytes: Uint8Array, view: DataView): { count: number; length: number; offset: number } {
  const end = findEnd(bytes, view), locator = end - LOCATOR_BYTES;
  if (locator >= 0 && view.getUint32(locator, true) === 0x07064b50) {
    const at = integer64(view, locator + 8);
    if (!(at + END64_BYTES <= locator) || view.getUint32(at, true) !== 0x06064b50) {
      throw new Error("its 64-bit directory is not where it is said to be");
    }
    return {
      count: integer64(view, at + 32),
      length: integer64(view, at + 40),
      offset: integer64(view, at + 48),
    };
  }
  return {
    count: view.getUint16(end + 10, true),
    length: view.getUint32(end + 12, true),
    offset: view.getUint32(end + 16, true),
  };
}

/** The 64-bit values of an extra field, in order; those whose 32-bit fields say that they are there. */
function* extra64(view: DataView, from: number, length: number): Generator<number, number> {
  for (let at = from; at + 4 <= from + length;) {
    const id = view.getUint16(at, true), end = Math.min(at + 4 + view.getUint16(at + 2, true), from + length);
    if (id === 1) { for (let i = at + 4; i + 8 <= end; i += 8) yield integer64(view, i); }
    at = end;
  }
  return NaN;
}

/**
 * The files of an archive, by name.
 *
 * @throws {Error} With the reason, if the directory is broken.
 */
export function readDirectory(bytes: Uint8Array): Map<string, ZipEntry> {
  const view = viewOf(bytes);
  const { count, length, offset } = readEnd(bytes, view);
  if (!(offset + length <= bytes.length) || !(count * ENTRY_BYTES <= length)) {
    throw new Error(
      `its directory of ${count} entries takes ${length} bytes from ${offset}, the file has ${bytes.length}`,
    );
  }
  const entries = new Map<string, ZipEntry>();
  let at = offset;
  for (let i = 0; i < count; i++) {
    const left = offset + length - at;
    const named = left >= ENTRY_BYTES ? view.getUint16(at + 28, true) : 0;
    const extra = left >= ENTRY_BYTES ? view.getUint16(at + 30, true) : 0;
    const whole = ENTRY_BYTES + named + extra + (left >= ENTRY_BYTES ? view.getUint16(at + 32, true) : 0);
    if (whole > left || view.getUint32(at, true) !== 0x02014b50) {
      throw new Error(`entry ${i} of its directory is broken`);
    }
    const name = new TextDecoder().decode(bytes.subarray(at + ENTRY_BYTES, at + ENTRY_BYTES + named));
    if (entries.has(name)) throw new Error(`it holds ${JSON.stringify(name)} twice`);
    const wide = extra64(view, at + ENTRY_BYTES + named, extra);
    const field = (value: number) => value === ELSEWHERE ? wide.next().value : value;
    const size = field(view.getUint32(at + 24, true)), packed = field(view.getUint32(at + 20, true));
    entries.set(name, {
      name,
      method: view.getUint16(at + 10, true),
      crc: view.getUint32(at + 16, true),
      packed,
      size,
      at: field(view.getUint32(at + 42, true)),
    });
    at += whole;
  }
  return entries;
}

/** Where the packed bytes of an entry lie. */
function rangeOf(bytes: Uint8Array, entry: ZipEntry): [begin: number, end: number] {
  const view = viewOf(bytes), name = JSON.stringify(entry.name);
  if (!(entry.at + LOCAL_BYTES <= bytes.length) || view.getUint32(entry.at, true) !== 0x04034b50) {
    throw new Error(`entry ${name} is not at byte ${entry.at}, where the directory has it`);
  }
  const begin = entry.at + LOCAL_BYTES + view.getUint16(entry.at + 26, true) +
    view.getUint16(entry.at + 28, true);
  if (!(begin + entry.packed <= bytes.length)) {
    throw new Error(`entry ${name} ends at byte ${begin + entry.packed}, the file has ${bytes.length}`);
  }
  return [begin, begin + entry.packed];
}

/** Unpacks what deflate made of `size` bytes. */
function inflate(packed: Uint8Array, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let filled = 0;
  const inflater = new Inflate((part) => {
    if (part.length > size - filled) throw new Error(`it unpacks to more than its ${size} bytes`);
    bytes.set(part, filled);
    filled += part.length;
  });
  for (let at = 0; at < packed.length; at += CHUNK_BYTES) {
    inflater.push(packed.subarray(at, at + CHUNK_BYTES), at + CHUNK_BYTES >= packed.length);
  }
  if (filled !== size) throw new Error(`it unpacks to ${filled} bytes, wanted ${size}`);
  return bytes;
}

let crcTable: Uint32Array | undefined;

/** CRC-32 of bytes (polynomial 0xedb88320). */
export function crc32(bytes: Uint8Array): number {
  const table = crcTable ??= Uint32Array.from({ length: 256 }, (_, byte) => {
    for (let bit = 0; bit < 8; bit++) byte = byte & 1 ? byte >>> 1 ^ 0xedb88320 : byte >>> 1;
    return byte;
  });
  let crc = -1;
  for (let i = 0; i < bytes.length; i++) crc = table[(crc ^ bytes[i]) & 0xff] ^ crc >>> 8;
  return ~crc >>> 0;
}

/**
 * The bytes of entries, by name; views of `bytes` where they are stored.
 *
 * @throws {Error} With the reason, if one is broken, packed otherwise, more than the file can hold, or shares bytes with another.
 */
export function readEntries(bytes: Uint8Array, entries: readonly ZipEntry[]): Map<string, Uint8Array> {
  const ranges = new Map(entries.map((entry) => [entry, rangeOf(bytes, entry)]));
  const sorted = [...ranges].toSorted(([, a], [, b]) => a[0] - b[0]);
  for (let i = 1; i < sorted.length; i++) {
    if (sorted[i][1][0] < sorted[i - 1][1][1]) {
      throw new Error(
        `entries ${JSON.stringify(sorted[i - 1][0].name)} and ${
          JSON.stringify(sorted[i][0].name)
        } share bytes`,
      );
    }
  }
  return new Map(entries.map((entry) => {
    const name = JSON.stringify(entry.name), { method, size, packed, crc } = entry;
    if (method !== 0 && method !== 8) {
      throw new Error(`entry ${name} is packed by method ${method}, wanted 0 (stored) or 8 (deflate)`);
    }
    if (method === 0 ? size !== packed : !(size <= packed * MAX_RATIO)) {
      throw new Error(
        `entry ${name} of ${packed} bytes claims ${size}, wanted ${
          method === 0 ? "as many" : `at most ${MAX_RATIO} times as many`
        }`,
      );
    }
    const stored = bytes.subarray(...ranges.get(entry)!);
    let data: Uint8Array;
    try {
      data = method === 0 ? stored : inflate(stored, size);
    } catch (cause) {
      throw new Error(`entry ${name}: ${cause instanceof Error ? cause.message : cause}`, { cause });
    }
    if (crc !== 0 && crc32(data) !== crc) {
      throw new Error(`the checksum of entry ${name} is wrong, its bytes have changed; fetch it again`);
    }
    return [entry.name, data];
  }));
}
