/**
 * Compiles `asm/` into `src/runtime/kernels_*.generated.ts`: one source, a plain and a relaxed SIMD
 * build with the tiles of x86-64, and a relaxed one with those of aarch64. `--check` compares with what is
 * committed instead of writing.
 *
 * asc compiles without optimisation, so that V8 sees loads and multiply-adds in the order they are written (its optimiser sinks them, which
 * lengthens live ranges and costs depthwise kernels a quarter of their speed); Binaryen then only drops code that constants rule out.
 */

import { BUILDS, compileKernels } from "./compile_kernels.ts";

const root = new URL("../", import.meta.url);

/** The first half of the SHA-256 of a binary, in hexadecimal. */
async function idOf(binary: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", binary as Uint8Array<ArrayBuffer>);
  return new Uint8Array(digest, 0, 16).toHex();
}

const check = Deno.args.includes("--check");
let stale = 0;
for (const build of BUILDS) {
  const { name } = build;
  const binary = await compileKernels(build);
  const file = new URL(`src/runtime/kernels_${name}.generated.ts`, root);
  const text = `// Generated from asm/ by scripts/build_kernels.ts: ${binary.length} bytes of wasm, base64.
/** The ${name} SIMD build of the kernels. */
export default "${binary.toBase64()}";
/** Names these very kernels. */
export const id = "${await idOf(binary)}";
`;
  if (!check) {
    Deno.writeTextFileSync(file, text);
    console.log(`${name}: ${binary.length} bytes`);
  } else if (Deno.readTextFileSync(file) === text) {
    console.log(`${name}: ${binary.length} bytes, as committed`);
  } else {
    console.error(`${name}: differs from what is committed; run: deno task build`);
    stale++;
  }
}
Deno.exit(stale > 0 ? 1 : 0);
