import { assertEquals, assertMatch } from "@std/assert";
import { modelTable } from "../../src/cli/list_models.ts";

Deno.test("the table fetches nothing: without permission to read, Deno would ask for it", async () => {
  const { fetch } = globalThis;
  let fetched = 0;
  globalThis.fetch = (...args) => {
    fetched++;
    return fetch(...args);
  };
  try {
    assertMatch(await modelTable(), /^ssdlite-mobilenetv2-coco +detect .* (cached|npm \S+, 16\.9 MB)$/m);
  } finally {
    globalThis.fetch = fetch;
  }
  assertEquals(fetched, 0);
});
