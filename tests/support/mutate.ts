/** Damages files as disks, networks and liars do. */
import type { Random } from "./random.ts";

/** Whole numbers at the edges of their types. */
const EXTREMES = [0, 1, -1, 0x7f, 0xff, 0x7fff, 0xffff, 0x7fffffff, -0x80000000, 0x10000, 0x40000000];

/** One way of damaging bytes; gives other bytes, or the same array changed. */
type Damage = (bytes: Uint8Array<ArrayBuffer>, random: Random) => Uint8Array<ArrayBuffer>;

const at = (bytes: Uint8Array, random: Random) => random.integer(0, bytes.length - 1);

/** Two positions in order. */
function range(bytes: Uint8Array, random: Random, longest: number): [from: number, to: number] {
  const from = at(bytes, random);
  return [from, Math.min(bytes.length, from + random.integer(1, longest))];
}

const DAMAGES: readonly Damage[] = [
  function flipBit(bytes, random) {
    bytes[at(bytes, random)] ^= 1 << random.integer(0, 7);
    return bytes;
  },
  function setByte(bytes, random) {
    bytes[at(bytes, random)] = random.integer(0, 255);
    return bytes;
  },
  function overwriteInteger(bytes, random) {
    const size = random.pick([1, 2, 4, 8]), value = random.pick(EXTREMES);
    const start = at(bytes, random);
    for (let i = 0; i < size && start + i < bytes.length; i++) {
      bytes[start + i] = i < 4 ? value >> i * 8 : value >> 31;
    }
    return bytes;
  },
  /** A number written in digits becomes another: for formats that are text. */
  function overwriteDigits(bytes, random) {
    const start = at(bytes, random);
    const digit = bytes.findIndex((byte, i) => i >= start && byte >= 0x30 && byte <= 0x39);
    if (digit < 0) return bytes;
    const end = bytes.findIndex((byte, i) => i > digit && !(byte >= 0x30 && byte <= 0x39));
    const value = random.pick([...EXTREMES, 1e15, 1e30, 0.5, NaN, random.integer(0, 300)]);
    const text = new TextEncoder().encode(String(value));
    return join(bytes.subarray(0, digit), text, bytes.subarray(end < 0 ? bytes.length : end));
  },
  function truncate(bytes, random) {
    return bytes.slice(0, at(bytes, random));
  },
  function remove(bytes, random) {
    const [from, to] = range(bytes, random, 64);
    return join(bytes.subarray(0, from), bytes.subarray(to));
  },
  function repeat(bytes, random) {
    const [from, to] = range(bytes, random, 64);
    return join(bytes.subarray(0, to), bytes.subarray(from));
  },
  function splice(bytes, random) {
    const [from, to] = range(bytes, random, 64), target = at(bytes, random);
    return join(bytes.subarray(0, target), bytes.subarray(from, to), bytes.subarray(target));
  },
];

function join(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let end = 0;
  for (const part of parts) {
    joined.set(part, end);
    end += part.length;
  }
  return joined;
}

/** A copy of `bytes` with one to four damages; of a large file mostly within its first `head` bytes, where its structure is. */
export function mutate(bytes: Uint8Array, random: Random, head = 4096): Uint8Array<ArrayBuffer> {
  const near = random.integer(0, 3) > 0;
  let front = bytes.slice(0, near ? head : bytes.length);
  for (let count = random.integer(1, 4); count > 0 && front.length > 0; count--) {
    front = random.pick(DAMAGES)(front, random);
  }
  return join(front, near ? bytes.subarray(head) : new Uint8Array());
}
