/** Files of `tests/fixtures/`. */

/** The bytes of a fixture. */
export function fixture(path: string): Promise<Uint8Array> {
  return Deno.readFile(new URL(`../fixtures/${path}`, import.meta.url));
}
