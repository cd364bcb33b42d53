import { assert, assertEquals } from "@std/assert";
import { interleave, settled, timed } from "../../../bench/support/interleave.ts";

Deno.test("interleave() alternates the order and does not count the warm-up", async () => {
  let calls = "";
  const contender = (name: string) => () => (calls += name).length;
  const measurements = await interleave([contender("a"), contender("b")], { runs: 2, warmup: 2 });
  assertEquals(calls, "abbaabba");
  assertEquals(measurements, [[5, 8], [6, 7]]);
});

Deno.test("timed() waits for promises", async () => {
  const run = timed(() => new Promise((resolve) => setTimeout(resolve, 20)));
  assert(await run() >= 19);
});

Deno.test("settled() runs for a while, and counts the run behind it", async () => {
  let runs = 0;
  const slowAtFirst = settled(() => new Promise((resolve) => setTimeout(resolve, runs++ === 0 ? 500 : 1)));
  assert(await slowAtFirst() < 400);
  assertEquals(runs, 2);
  const start = performance.now();
  assert(await settled(() => runs++)() < 10);
  assert(performance.now() - start >= 25);
});
