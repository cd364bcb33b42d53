/**
 * What is read of a wasm module: its code, and what its functions are called.
 *
 * @module
 */

const CUSTOM = 0, CODE = 10;
/** Subsection of section `name`: names of functions. */
const FUNCTION_NAMES = 1;

/** Walks the bytes of a module. */
class Reader {
  readonly bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  byte(): number {
    return this.slice(1)[0];
  }

  /** An unsigned LEB128 of at most 32 bits. */
  u32(): number {
    let value = 0;
    for (let shift = 0;; shift += 7) {
      const byte = this.byte();
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  }

  slice(length: number): Uint8Array {
    const end = this.at + length;
    if (end > this.bytes.length) throw new RangeError("Cannot read module: it ends in the middle");
    return this.bytes.subarray(this.at, this.at = end);
  }

  text(): string {
    return new TextDecoder().decode(this.slice(this.u32()));
  }
}

function* sections(module: Uint8Array): Generator<[id: number, content: Uint8Array]> {
  for (const reader = new Reader(module, 8); reader.at < module.length;) {
    yield [reader.byte(), reader.slice(reader.u32())];
  }
}

/** The code section; empty if there is none. */
export function codeOf(module: Uint8Array): Uint8Array {
  for (const [id, content] of sections(module)) if (id === CODE) return content;
  return new Uint8Array();
}

/** Names of functions by index, as the custom section `name` has them. */
export function functionNames(module: Uint8Array): Map<number, string> {
  const names = new Map<number, string>();
  for (const [id, content] of sections(module)) {
    const reader = new Reader(content);
    if (id !== CUSTOM || reader.text() !== "name") continue;
    while (reader.at < content.length) {
      const kind = reader.byte(), end = reader.u32() + reader.at;
      if (kind === FUNCTION_NAMES) {
        for (let count = reader.u32(); count > 0; count--) names.set(reader.u32(), reader.text());
      }
      reader.at = end;
    }
  }
  return names;
}
