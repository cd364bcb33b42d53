import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { median, quantile, ratios, summarize } from "../../../bench/support/stats.ts";

Deno.test("quantile() interpolates between neighbours, whatever the order", () => {
  assertEquals(quantile([30, 10, 20], 0), 10);
  assertEquals(quantile([30, 10, 20], 1), 30);
  assertEquals(quantile([30, 10, 20], 0.75), 25);
  assertEquals(median([4, 1, 3, 2]), 2.5);
});

Deno.test("quantile() refuses no samples", () => {
  assertThrows(() => quantile([], 0.5), RangeError, "wanted at least 1");
});

Deno.test("summarize() leaves its samples in order", () => {
  const samples = [3, 1, 2];
  assertEquals(summarize(samples), { min: 1, median: 2, p95: 2.9, max: 3, runs: 3 });
  assertEquals(samples, [3, 1, 2]);
});

Deno.test("ratios() compares round by round", () => {
  // The machine ran at half its speed in the last round: of each alone the greatest is double, of the ratio nothing changes.
  const { min, median, max } = ratios([20, 20, 40], [10, 10, 20]);
  for (const ratio of [min, median, max]) assertAlmostEquals(ratio, 2);
});
