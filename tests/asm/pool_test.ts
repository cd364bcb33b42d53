/** A kernel module alone, through AssemblyScript's loader, without compiler or session. */
import { instantiate } from "@assemblyscript/loader";
import { assertEquals } from "@std/assert";
import base64 from "../../src/runtime/kernels_plain.generated.ts";
import { POOL } from "../../asm/kernels.ts";

/** Opcode, words, tiles; then the parameter block of `asm/pool.ts`: one 2x2 window over a map at byte 4096, to byte 8192. */
const LIMITS = new Int32Array(new Float32Array([-Infinity, Infinity]).buffer);
const BLOCK = [4096, 16, 2, 2, 4, 0, 8192, 16, 2, 2, 1, 2, 2, 0, 0, 1, 1, 1, ...LIMITS];
const COMMAND = [POOL, 3 + BLOCK.length, 1, ...BLOCK];

Deno.test("the interpreter runs one command: max pooling of a 2x2 map of 4 channels", async () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536 });
  const { exports } = await instantiate<{ run(begin: number, end: number): void }>(
    await WebAssembly.compile(Uint8Array.fromBase64(base64)),
    { env: { memory } },
  );
  const floats = new Float32Array(memory.buffer), view = new DataView(memory.buffer);
  floats.set([1, 2, 3, 4, 8, 7, 6, 5, -1, 9, 0, 1, 2, 2, 2, 2], 1024);
  COMMAND.forEach((word, i) => view.setInt32(64 + i * 4, word, true));
  exports.run(64, 64 + COMMAND.length * 4);
  assertEquals([...floats.subarray(2048, 2052)], [8, 9, 6, 5]);
});
