import { assertEquals } from "@std/assert";
import { progressLine, summary } from "../../src/cli/progress.ts";

Deno.test("progressLine draws the share, the bytes and the rate", () => {
  assertEquals(
    progressLine({ file: "a@1.0.0", loaded: 5_000_000, total: 20_000_000 }, 2),
    "a@1.0.0 ██████░░░░░░░░░░░░░░░░░░  25%  5 MB of 20 MB  2.5 MB/s",
  );
  assertEquals(
    progressLine({ file: "a@1.0.0", loaded: 20_000_000, total: 20_000_000 }, 4),
    "a@1.0.0 ████████████████████████ 100%  20 MB of 20 MB  5 MB/s",
  );
});

Deno.test("progressLine does without a total, without a time, and with more than the total", () => {
  assertEquals(progressLine({ file: "a", loaded: 1500 }, 1), "a  1.5 kB  1.5 kB/s");
  assertEquals(
    progressLine({ file: "a", loaded: 0, total: 10 }, 0),
    "a ░░░░░░░░░░░░░░░░░░░░░░░░   0%  0 B of 10 B",
  );
  assertEquals(
    progressLine({ file: "a", loaded: 20, total: 10 }, 1),
    "a ████████████████████████ 100%  20 B of 10 B  20 B/s",
  );
});

Deno.test("summary tells size, time and rate", () => {
  assertEquals(summary("a@1.0.0", 16_900_000, 3250), "a@1.0.0: 16.9 MB in 3.3 s (5.2 MB/s)");
});
