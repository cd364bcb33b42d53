/**
 * The machine code that V8 makes of the kernels on arm64, in Deno's own binary, as text.
 *
 * @module
 */

import { join } from "@std/path";
import { BUILDS, compileKernels } from "../../scripts/compile_kernels.ts";
import { APT_EMULATOR, arm64Command, emulatorVersion, outputOf } from "../../scripts/arm64.ts";
import { HostError } from "../../src/errors.ts";
import committed from "../../src/runtime/kernels_relaxed_aarch64.generated.ts";
import { type Instruction, parseDisassembly } from "./instruction.ts";
import { readJitdump } from "./jitdump.ts";
import { codeOf, functionNames } from "./module.ts";

/** Programs of others that are needed, each with its version. */
export interface Tools {
  readonly qemu: string;
  readonly objdump: string;
  readonly llvmMca: string;
}

const OBJDUMP = "aarch64-linux-gnu-objdump";
/** LLVM before 17 has no usable model of the A76's sibling. */
export const LLVM_MCA = "llvm-mca-19";

/**
 * Looks for the tools.
 *
 * @throws {HostError} If one is missing; the message says how to install them all.
 */
export async function findTools(): Promise<Tools> {
  const objdump = (await outputOf(OBJDUMP, ["--version"]))?.match(/\d+(\.\d+)+/)?.[0];
  const llvmMca = (await outputOf(LLVM_MCA, ["--version"]))?.match(/version (\S+)/)?.[1];
  const qemu = await emulatorVersion();
  if (qemu === undefined || objdump === undefined || llvmMca === undefined) {
    const missing = Object.entries({ "qemu-aarch64": qemu, [OBJDUMP]: objdump, [LLVM_MCA]: llvmMca })
      .flatMap(([name, version]) => version === undefined ? name : []);
    throw new HostError(
      `Cannot model ARM cores: ${
        missing.join(", ")
      } missing; install with: sudo apt-get install ${APT_EMULATOR} binutils-aarch64-linux-gnu llvm-19`,
    );
  }
  return { qemu, objdump, llvmMca };
}

/** Compiles a module and says on which V8; what is compiled has to be looked at, else V8 may wait. */
const COMPILE = `const module = new WebAssembly.Module(Deno.readFileSync(Deno.args[0]));
if (WebAssembly.Module.exports(module).length === 0) throw new Error("Cannot find exports");
console.log(Deno.version.deno, Deno.version.v8);`;

/** All functions through the optimising compiler at once, and their code to a file. */
const V8_FLAGS = ["no-liftoff", "no-wasm-tier-up", "no-wasm-lazy-compilation", "perf-prof"];

/** The kernels as arm64 code. */
export interface MachineCode {
  /** Instructions by function, `file/function`. */
  readonly functions: ReadonlyMap<string, readonly Instruction[]>;
  readonly deno: string;
  readonly v8: string;
}

async function run(command: string, args: readonly string[], cwd: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args: [...args], cwd }).output();
  const text = new TextDecoder();
  if (!success) throw new HostError(`Cannot run ${command}: ${text.decode(stderr).trim()}`);
  return text.decode(stdout);
}

/**
 * Compiles the committed kernels of aarch64.
 *
 * @param functions Names of functions, `file/function`; which of them there are shows the result.
 * @throws {HostError} If the committed kernels are not what `asm/` gives, or a tool fails.
 */
export async function arm64Code(functions: ReadonlySet<string>): Promise<MachineCode> {
  const build = BUILDS.find(({ aarch64 }) => aarch64)!;
  const named = await compileKernels(build, { names: true });
  const module = Uint8Array.fromBase64(committed);
  if (codeOf(named).toBase64() !== codeOf(module).toBase64()) {
    throw new HostError(
      "Cannot model kernels: those committed are not what asm/ gives; run: deno task build",
    );
  }
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeFile(join(folder, "kernels.wasm"), module);
    await Deno.writeTextFile(join(folder, "compile.js"), COMPILE);
    const flags = [...V8_FLAGS.map((flag) => `--${flag}`), `--perf-prof-path=${folder}`].join();
    const { command, args } = await arm64Command("max");
    const versions = await run(
      command,
      [...args, "run", "--no-config", "--allow-read", `--v8-flags=${flags}`, "compile.js", "kernels.wasm"],
      folder,
    );
    const [deno, v8] = versions.trim().split(" ");
    const dump = Array.from(Deno.readDirSync(folder)).find(({ name }) => name.endsWith(".dump"));
    if (!dump) throw new HostError("Cannot model kernels: V8 wrote no code");
    const codes = readJitdump(await Deno.readFile(join(folder, dump.name)));
    const found = new Map<string, readonly Instruction[]>();
    for (const [index, name] of functionNames(named)) {
      const code = codes.get(index);
      if (!code || !functions.has(name)) continue;
      const file = join(folder, "function.bin");
      await Deno.writeFile(file, code);
      const text = await run(
        OBJDUMP,
        ["-D", "-b", "binary", "-m", "aarch64", "--no-show-raw-insn", file],
        folder,
      );
      found.set(name, parseDisassembly(text));
    }
    return { functions: found, deno, v8 };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
