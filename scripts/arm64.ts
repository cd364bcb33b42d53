/**
 * Deno for arm64 on another processor: the binary of npm's `@deno/linux-arm64-glibc`, run by QEMU's user-mode emulator.
 *
 * @module
 */

import { fromFileUrl } from "@std/path";
import { writeWhole } from "../src/cli/cache.ts";
import { fetchPackage, unpackFolder } from "../src/cli/npm_package.ts";
import { HostError } from "../src/errors.ts";

/** The package, of the version that this project is tested with. */
const DENO = {
  npm: "@deno/linux-arm64-glibc@2.9.6",
  integrity:
    "sha512-poqhoH9B3nYloigEMPT5t8HY+wBeiuea1An5Q7fqgJzP0SYmWsoS/oUnWO/pEiA4ofzIBy1Elt/in58xKtxEoQ==",
  bytes: 40997166,
  file: "deno",
};

/** Debian's packages of the emulator and of the C library it needs. */
export const APT_EMULATOR = "qemu-user libc6-arm64-cross libgcc-s1-arm64-cross";

/** Where the C library of arm64 lies in Debian and its kin. */
const SYSROOT = "/usr/aarch64-linux-gnu";

/** Runs a command; its standard output, or `undefined` if there is no such program. */
export async function outputOf(command: string, args: readonly string[]): Promise<string | undefined> {
  try {
    const { stdout } = await new Deno.Command(command, { args: [...args], stderr: "null" }).output();
    return new TextDecoder().decode(stdout);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Version of the emulator; `undefined` where it, or the C library, is missing. */
export async function emulatorVersion(): Promise<string | undefined> {
  const text = await outputOf("qemu-aarch64", ["--version"]);
  const library = await Deno.stat(`${SYSROOT}/lib/ld-linux-aarch64.so.1`).catch(() => undefined);
  return library && text?.match(/version (\S+)/)?.[1];
}

/** Path of the binary; fetched once, checked against npm's hash, and kept in `build/`. */
async function denoArm64(): Promise<string> {
  const path = fromFileUrl(new URL(`../build/${DENO.npm.replace(/\W+/g, "-").slice(1)}`, import.meta.url));
  try {
    await Deno.stat(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.error(`Fetching ${DENO.npm} (${(DENO.bytes / 1e6).toFixed(0)} MB) ...`);
    const binary = (await unpackFolder(await fetchPackage(DENO), "")).get(DENO.file);
    if (!binary) throw new HostError(`Cannot find "${DENO.file}" in ${DENO.npm}`);
    await writeWhole(path, binary);
    await Deno.chmod(path, 0o755);
  }
  return path;
}

/**
 * The command that runs Deno for arm64 on the processor `cpu` (a name of `qemu-aarch64 -cpu help`).
 *
 * @throws {HostError} If the emulator is not installed; the message says how to.
 */
export async function arm64Command(cpu: string): Promise<{ command: string; args: string[] }> {
  if (await emulatorVersion() === undefined) {
    throw new HostError(
      `Cannot run arm64 code: qemu-aarch64 or the C library of arm64 is missing; install them with: sudo apt-get install ${APT_EMULATOR}`,
    );
  }
  return { command: "qemu-aarch64", args: ["-cpu", cpu, "-L", SYSROOT, await denoArm64()] };
}
