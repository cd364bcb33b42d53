/**
 * The compilation of `asm/`: asc without optimisation, then Binaryen's removal of dead code.
 *
 * @module
 */

import asc from "assemblyscript/asc";
import binaryen from "binaryen";

const root = new URL("../", import.meta.url);

/** A build of the kernels. */
export interface Build {
  readonly name: string;
  /** Proposals beyond the core of wasm. */
  readonly features: readonly string[];
  /** Whether the register tiles are those of aarch64. */
  readonly aarch64: boolean;
}

/** All builds. */
export const BUILDS: readonly Build[] = [
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
  "rse",
  "coalesce-locals",
  "reorder-locals",
  "vacuum",
  "strip-debug",
  "strip-producers",
];

/** The module of a build. With `names` it says what its functions are called (custom section `name`); its code is the same. */
export async function compileKernels(
  { features, aarch64 }: Build,
  { names = false } = {},
): Promise<Uint8Array> {
  let compiled: Uint8Array | undefined;
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
      ...names ? ["--debug"] : [],
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
        if (typeof contents !== "string") compiled = contents;
      },
      listFiles: () => [],
    },
  );
  const chatter = stderr.toString();
  if (error || !compiled || chatter) {
    throw new Error(`Cannot compile the kernels: ${chatter || error?.message}`);
  }
  const passes = names ? cleanUp.filter((pass) => !pass.startsWith("strip-")) : [...cleanUp];
  let binary = compiled;
  // What has been written is read with fewer blocks around it, among which the passes find more to drop.
  for (let before = Infinity; binary.length < before;) {
    before = binary.length;
    const module = binaryen.readBinary(binary);
    module.setFeatures(binaryen.Features.All);
    module.runPasses(passes);
    binaryen.setDebugInfo(names);
    binary = module.emitBinary();
    module.dispose();
  }
  return binary;
}
