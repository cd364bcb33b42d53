/**
 * Compiles `asm/` into `src/runtime/kernels_*.generated.ts`: one source, a plain and a relaxed SIMD
 * build with the tiles of x86-64, and a relaxed one with those of aarch64. `--check` compares with what is
 * committed instead of writing.
 *
 * asc compiles without optimisation, so that V8 sees loads and multiply-adds in the order they are written (its optimiser sinks them, which
 * lengthens live ranges and costs depthwise kernels a quarter of their speed); Binaryen then only drops code that constants rule out.
 */

import asc from "assemblyscript/asc";
import binaryen from "binaryen";

const root = new URL("../", import.meta.url);
const builds = [
  { name: "plain", features: ["simd", "threads"], aarch64: false },
  { name: "relaxed", features: ["simd", "relaxed-simd", "threads"], aarch64: false },
  { name: "relaxed_aarch64", features: ["simd", "relaxed-simd", "threads"], aarch64: true },
];

/** Passes that remove dead code and leave the order of live code alone. */
const cleanUp = [
  "remove-unused-names",
  "precompute-propagate",
  "remove-unused-brs",
  "dce",
  "vacuum",
  "remove-unused-module-elements",
  "coalesce-locals",
  "reorder-locals",
  "vacuum",
  "strip-debug",
  "strip-producers",
];

async function compile(features: readonly string[], aarch64: boolean): Promise<Uint8Array> {
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main(
    [
      "program.ts",
      ...["--outFile", "kernels.wasm", "--optimizeLevel", "0", "--shrinkLevel", "0", "--runtime", "stub"],
      ...[
        "--importMemory",
        "--noExportMemory",
        "--initialMemory",
        "1",
        "--maximumMemory",
        "65536",
        "--noAssert",
      ],
      ...["--use", `AARCH64_BUILD=${aarch64 ? 1 : 0}`],
      ...features.flatMap((feature) => ["--enable", feature]),
    ],
    {
      readFile: (name: string) => {
        try {
          return Deno.readTextFileSync(new URL(`asm/${name}`, root));
        } catch {
          return null;
        }
      },
      writeFile: (_name: string, contents: Uint8Array | string) => {
        if (typeof contents !== "string") binary = contents;
      },
      listFiles: () => [],
    },
  );
  const chatter = stderr.toString();
  if (error || !binary || chatter) {
    throw new Error(`Cannot compile the kernels: ${chatter || error?.message}`);
  }
  const module = binaryen.readBinary(binary);
  module.setFeatures(binaryen.Features.All);
  module.runPasses(cleanUp);
  const clean = module.emitBinary();
  module.dispose();
  return clean;
}

/** The first half of the SHA-256 of a binary, in hexadecimal. */
async function idOf(binary: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", binary as Uint8Array<ArrayBuffer>);
  return new Uint8Array(digest, 0, 16).toHex();
}

const check = Deno.args.includes("--check");
let stale = 0;
for (const { name, features, aarch64 } of builds) {
  const binary = await compile(features, aarch64);
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
