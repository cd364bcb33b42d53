import { assertEquals } from "@std/assert";
import { table } from "../../src/cli/table.ts";

Deno.test("columns are as wide as their widest cell, and a row is a line, whatever a file calls its layers", () => {
  const rows = [["layer", "MMAC"], ["a\nb\x1b[2J", "1.25"], ["c", "10.50"]];
  assertEquals(
    table(rows, new Set([1])),
    "layer           MMAC\na\\nb\\u001b[2J   1.25\nc              10.50\n",
  );
});
