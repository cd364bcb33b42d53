import { assert, assertEquals } from "@std/assert";
import { sampleFor } from "../../../bench/support/sample.ts";

Deno.test("sampleFor() warms up twice and counts five runs, however little time there is", async () => {
  let runs = 0;
  assertEquals(await sampleFor(() => Promise.resolve(++runs), 0), [3, 4, 5, 6, 7]);
});

Deno.test("sampleFor() runs for the time it is given, a third of it uncounted", async () => {
  const start = performance.now();
  const times = await sampleFor(async () => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    return performance.now();
  }, 0.3);
  assert(times[0] - start >= 100, "the warm-up takes a third");
  assert(times.at(-1)! - start >= 300, "all takes as long as it may");
});
