/**
 * Makes the library a folder of plain files for browsers, Node and Bun: `deno task bundle [FOLDER]`.
 *
 * @module
 */

import { basename, join, resolve } from "@std/path";

/** Binaries of the codecs that decode photos; they are looked for beside the bundle. */
const BINARIES = [
  "@jsquash/jpeg/codec/dec/mozjpeg_dec.wasm",
  "@jsquash/png/codec/pkg/squoosh_png_bg.wasm",
  "@jsquash/webp/codec/dec/webp_dec.wasm",
];

/** Writes `simdet.js` and the binaries of the codecs into a folder. */
export async function bundle(folder: string): Promise<void> {
  const output = `--output=${resolve(folder, "simdet.js")}`;
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--platform=browser", output, "mod.ts"],
    cwd: new URL("..", import.meta.url),
    stdout: "null",
  }).output();
  if (!success) throw new Error(`deno bundle failed: ${new TextDecoder().decode(stderr)}`);
  for (const binary of BINARIES) {
    await Deno.copyFile(new URL(import.meta.resolve(binary)), join(folder, basename(binary)));
  }
}

if (import.meta.main) {
  const folder = Deno.args[0] ?? "build/simdet";
  await Deno.mkdir(folder, { recursive: true });
  await bundle(folder);
  console.log(`${folder}: ${[...Deno.readDirSync(folder)].map(({ name }) => name).sort().join(", ")}`);
}
