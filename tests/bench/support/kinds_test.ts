import { assertAlmostEquals, assertEquals } from "@std/assert";
import {
  kindsTable,
  type LayerData,
  losersTable,
  sumKinds,
  waysTable,
} from "../../../bench/support/kinds.ts";

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

/** Cells of the lines behind a table's rule. */
function cells(table: string): string[][] {
  return table.split("\n").slice(2).map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
}

const slow = { kernel: "slow", ms: 2, share: 0.5 }, fast = { kernel: "fast", ms: 1, share: 1 };

Deno.test("waysTable() has a line for each way, the chosen one marked", () => {
  const lines = cells(waysTable([{ ...layer("3x3", 1e6, 2), shape: "4x4", ways: [slow, fast] }]));
  assertEquals(lines, [
    ["4x4", "slow", "*", "1", "1.00", "0.5", "50 %", "25 %"],
    ["", "fast", "", "", "", "1.0", "100 %", ""],
  ]);
});

Deno.test("losersTable() lists the layers whose chosen way is more than 5 % slower than another", () => {
  const one = (ways: LayerData["ways"]) => ({ ...layer("3x3", 1e6, ways[0].ms), shape: "4x4", ways });
  const cold = [{ ...slow, coldMs: 3 }, { ...fast, coldMs: 2 }];
  assertEquals(cells(losersTable([one(cold), one([fast, slow]), one([{ ...fast, ms: 1.05 }, fast])])), [
    ["4x4", "slow", "fast", "2.00x", "1.50x"],
  ]);
  assertEquals(
    losersTable([one([fast, slow])]),
    "The chosen kernel is within 5 % of the fastest everywhere.",
  );
});
