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

Deno.test("settled() counts the second of two runs", async () => {
  let runs = 0;
  const run = settled(() => new Promise((resolve) => setTimeout(resolve, runs++ === 0 ? 500 : 1)));
  assert(await run() < 400);
  assertEquals(runs, 2);
});
