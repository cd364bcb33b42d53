/**
 * Machine code that V8 wrote to a jitdump file (`--perf-prof`; format: Linux, tools/perf/Documentation/jitdump-specification.txt).
 *
 * @module
 */

/** Record that carries code. */
const CODE_LOAD = 0;
/** Bytes of a record's head, and of what stands in it before the name. */
const HEAD = 16, FIXED = 56;

/** What V8's optimising compiler calls the function `index` of a module. */
const OPTIMIZED = /^JS:wasm-function\[\d+\]-(\d+)-turbofan$/;

/** The optimised code of every wasm function, by its index. */
export function readJitdump(dump: Uint8Array): Map<number, Uint8Array> {
  const view = new DataView(dump.buffer, dump.byteOffset, dump.byteLength);
  const codes = new Map<number, Uint8Array>();
  for (let at = view.getUint32(8, true); at + HEAD <= dump.length;) {
    const id = view.getUint32(at, true), size = view.getUint32(at + 4, true);
    if (size < HEAD) break;
    if (id === CODE_LOAD) {
      const bytes = Number(view.getBigUint64(at + 40, true));
      const begin = at + FIXED, end = dump.indexOf(0, begin);
      const [, index] = OPTIMIZED.exec(new TextDecoder().decode(dump.subarray(begin, end))) ?? [];
      if (index !== undefined) codes.set(Number(index), dump.subarray(end + 1, end + 1 + bytes));
    }
    at += size;
  }
  return codes;
}
