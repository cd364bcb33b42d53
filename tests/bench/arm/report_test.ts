import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type ArmData, armTable } from "../../../bench/arm/report.ts";
import { RESULTS } from "../../../bench/support/results.ts";

const kept: ArmData = JSON.parse(await Deno.readTextFile(new URL("arm.json", RESULTS)));

Deno.test("the table in docs/arm.md is that of the result kept", async () => {
  const words = (text: string) => text.split(/\s+/).join(" ");
  const docs = await Deno.readTextFile(new URL("../../../docs/arm.md", import.meta.url));
  assertStringIncludes(words(docs), words(`\n${armTable(kept)}\n`));
});

Deno.test("no hot loop spills", () => {
  assert(kept.loops.length > 10);
  assertEquals(kept.loops.filter(({ spills }) => spills > 0), []);
});
