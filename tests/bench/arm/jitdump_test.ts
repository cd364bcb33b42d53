import { assertEquals } from "@std/assert";
import { readJitdump } from "../../../bench/arm/jitdump.ts";

/** A record of code. */
function record(name: string, code: readonly number[], id = 0): number[] {
  const label = [...new TextEncoder().encode(name), 0];
  const bytes = new Uint8Array(56 + label.length + code.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, id, true);
  view.setUint32(4, bytes.length, true);
  view.setBigUint64(40, BigInt(code.length), true);
  bytes.set([...label, ...code], 56);
  return [...bytes];
}

Deno.test("optimised wasm functions are taken out of a jitdump by index", () => {
  const head = new Uint8Array(40);
  new DataView(head.buffer).setUint32(8, head.length, true);
  const dump = new Uint8Array([
    ...head,
    ...record("JS:wasm-function[7]-7-turbofan", [1, 2, 0, 4]),
    ...record("JS:wasm-function[8]-8-liftoff", [5]),
    ...record("JS:wasm-function[9]-9-turbofan", [6], 2),
    ...record("Builtin:ArrayMap", [7]),
    ...record("JS:wasm-function[12]-12-turbofan", [8]),
    ...[0, 0, 0], // cut off while V8 was writing
  ]);
  assertEquals(readJitdump(dump), new Map([[7, new Uint8Array([1, 2, 0, 4])], [12, new Uint8Array([8])]]));
});
