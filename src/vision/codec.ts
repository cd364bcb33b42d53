/**
 * The wasm binaries of codecs, for hosts where a codec cannot fetch its own.
 *
 * @module
 */

/**
 * The bytes of a codec's binary in Node, whose `fetch` reads no files; `undefined` on hosts where codecs fetch their own. It lies beside a bundle of the
 * library, else in `node_modules`.
 *
 * @param specifier Package and path of the binary.
 */
export async function codecBinary(specifier: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (typeof Worker !== "undefined" || !("process" in globalThis)) return undefined;
  const { readFile } = await import("node:fs/promises");
  const beside = new URL(specifier.slice(specifier.lastIndexOf("/") + 1), import.meta.url);
  return new Uint8Array(
    await readFile(beside).catch(() => readFile(new URL(import.meta.resolve(specifier)))),
  );
}

/**
 * Calls what asks on which host it runs, as the glue of codecs does. Deno makes Node's `process` when it is first looked at, which takes it 30 ms, a tenth of a photo's whole
 * way to its boxes; codecs use nothing of it there. It is away for this one call.
 */
export function withoutProcess<T>(call: () => T): T {
  const process = "Deno" in globalThis && Object.getOwnPropertyDescriptor(globalThis, "process");
  if (!process || !process.configurable) return call();
  Reflect.deleteProperty(globalThis, "process");
  try {
    return call();
  } finally {
    Object.defineProperty(globalThis, "process", process);
  }
}
