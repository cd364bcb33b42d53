import { assertAlmostEquals, assertEquals } from "@std/assert";
import { kindsTable, type LayerData, sumKinds } from "../../../bench/support/kinds.ts";

/** A layer that takes `ms` for `macs`, where the peak is 1 GMAC/s, and twice as long inside the network. */
function layer(kind: string, macs: number, ms: number, layers = 1): LayerData {
  const share = macs / ms / 1e6;
  return {
    name: kind,
    kind,
    shape: "",
    kernel: "",
    layers,
    macs,
    ms,
    msInNetwork: 2 * ms,
    share,
    shareInNetwork: share / 2,
    ways: [{ kernel: "", ms, share }],
  };
}

Deno.test("sumKinds() weighs layers by how often they occur", () => {
  const [wide, narrow] = sumKinds(
    [layer("narrow", 1e6, 4), layer("wide", 1e6, 1, 2), layer("wide", 1e6, 2)],
    1,
  );
  assertEquals([wide.kind, wide.shapes, wide.median, wide.least], ["wide", 2, 0.75, 0.5]);
  assertAlmostEquals(wide.work, 3 / 4);
  assertAlmostEquals(wide.together, 3 / 4);
  assertAlmostEquals(wide.inNetwork, 3 / 8);
  assertEquals([narrow.kind, narrow.together], ["narrow", 0.25]);
});

Deno.test("kindsTable() has a line for each kind", () => {
  const [, rule, line, ...rest] = kindsTable(sumKinds([layer("wide", 1e6, 2)], 1)).split("\n");
  assertEquals(rule.includes("--:"), true);
  assertEquals(line.split("|").map((cell) => cell.trim()), [
    "",
    "wide",
    "100 %",
    "1",
    ...["50 %", "50 %", "50 %", "25 %"],
    "",
  ]);
  assertEquals(rest, []);
});
