/** A service that runs for days: nothing grows. */
import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";

for (const threads of [1, 2]) {
  Deno.test(`10,000 runs on ${threads} threads make nothing grow`, async () => {
    const script = fromFileUrl(new URL("growth.ts", import.meta.url));
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--v8-flags=--expose-gc", script, String(threads)],
    }).output();
    const text = new TextDecoder();
    assertEquals(code, 0, text.decode(stderr));
    const { threads: tookPart, wasm, resident, heap } = JSON.parse(text.decode(stdout));
    assertEquals([tookPart, wasm], [threads, 0]);
    // Ten bytes a run of objects, and what the allocator and the collector of garbage move about.
    assert(heap < 100_000, `${heap} bytes more of objects`);
    assert(resident < 2_000_000, `${resident} bytes more of the process`);
  });
}
