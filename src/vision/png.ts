/**
 * PNG pixels by the codec of `@jsquash/png`, run apart from its own loader: that keeps one instance for good, and a picture that the codec gives up on leaves
 * its whole buffer behind there, 200 MB where a header of 50 megapixels lies. Here such an instance goes, and the next picture has another.
 *
 * @module
 */

import { codecBinary } from "./codec.ts";

/** What decoding uses of the codec's exports. */
interface Codec {
  readonly memory: WebAssembly.Memory;
  decode(at: number, length: number): number;
  __wbindgen_malloc(bytes: number, alignment: number): number;
  __wbindgen_free(at: number, bytes: number, alignment: number): void;
}

/** RGBA of 8 bits. */
interface Pixels {
  readonly data: Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
}

let compiled: Promise<WebAssembly.Module> | undefined;
/** Decodes on an instance that has failed at nothing yet. */
let decoder: ((bytes: Uint8Array) => Pixels) | undefined;

/**
 * Decodes a PNG.
 *
 * @throws {Error} If the codec gives up on it.
 */
export async function decodePng(bytes: Uint8Array): Promise<Pixels> {
  const decode = decoder ?? await instantiate(await (compiled ??= compile()));
  decoder = undefined;
  const pixels = decode(bytes);
  decoder = decode;
  return pixels;
}

/** The codec's module, as its own loader finds and compiles it. */
async function compile(): Promise<WebAssembly.Module> {
  const { default: load } = await import("@jsquash/png/codec/pkg/squoosh_png.js");
  await load(await codecBinary("@jsquash/png/codec/pkg/squoosh_png_bg.wasm"));
  return (load as unknown as { readonly __wbindgen_wasm_module: WebAssembly.Module }).__wbindgen_wasm_module;
}

/** An instance. Of its imports decoding calls but two: one takes the pixels, one throws. wasm-bindgen ends their names in a hash. */
async function instantiate(module: WebAssembly.Module): Promise<(bytes: Uint8Array) => Pixels> {
  let pixels: Pixels | undefined;
  const take = (at: number, length: number, width: number, height: number): void => {
    pixels = {
      data: new Uint8ClampedArray(codec.memory.buffer, at >>> 0, length >>> 0).slice(),
      width,
      height,
    };
    codec.__wbindgen_free(at, length, 1);
  };
  const fail = (): never => {
    throw new Error(); // what it has to say is "`unwrap_throw` failed"
  };
  const imports = WebAssembly.Module.imports(module).map(({ name }) =>
    [name, name.startsWith("__wbg_newwithownedu8clampedarray") ? take : fail] as const
  );
  const { exports } = await WebAssembly.instantiate(module, { wbg: Object.fromEntries(imports) });
  const codec = exports as unknown as Codec;
  return (bytes) => {
    const at = codec.__wbindgen_malloc(bytes.length, 1) >>> 0;
    new Uint8Array(codec.memory.buffer).set(bytes, at);
    codec.decode(at, bytes.length); // frees them
    const taken = pixels!;
    pixels = undefined;
    return taken;
  };
}
