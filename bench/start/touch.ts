/**
 * What no start from a file can do without: `deno run --allow-read bench/start/touch.ts FILE BYTES` reads the file into memory and touches as many bytes
 * of it as a session has. Page faults cost a fraction of a microsecond on most machines and ten on some virtual ones.
 *
 * @module
 */

/** Bytes of the smallest pages that machines have. */
const PAGE = 4096;

const [path, bytes] = Deno.args;
const { buffer } = new WebAssembly.Memory({ initial: Math.ceil(Number(bytes) / 65536) });
const memory = new Uint8Array(buffer);
using file = Deno.openSync(path);
for (let at = 0, count: number | null = 1; count; at += count ?? 0) {
  count = file.readSync(memory.subarray(at));
}
for (let at = 0; at < memory.length; at += PAGE) memory[at]++;
