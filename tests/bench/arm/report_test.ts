import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type ArmData, armTable } from "../../../bench/arm/report.ts";
import { RESULTS } from "../../../bench/support/results.ts";

const kept: ArmData = JSON.parse(await Deno.readTextFile(new URL("arm.json", RESULTS)));

Deno.test("the table in docs/arm.md is that of the result kept", async () => {
  const words = (text: string) => text.split(/\s+/).join(" ");
  const docs = await Deno.readTextFile(new URL("../../../docs/arm.md", import.meta.url));
  assertStringIncludes(words(docs), words(`\n${armTable(kept)}\n`));
});

Deno.test("no loop of multiply-adds spills", () => {
  const loops = kept.loops.filter(({ macs }) => macs > 0);
  assert(loops.length > 8);
  assertEquals(loops.filter(({ spills }) => spills > 0), []);
});

/** Multiply-adds a cycle that the busiest loops reach at least, on A53, A57, A72 and A76. */
const LEAST = {
  "GEMM tile 4x16": [0.45 * 4, 0.88 * 4, 0.88 * 4, 0.799 * 8],
  "depthwise 3x3, stride 1": [1.5, 3.1, 3.599, 5.3],
  "depthwise 3x3, stride 2": [1, 2.2, 2.8, 3.7],
};

for (const [name, least] of Object.entries(LEAST)) {
  Deno.test(`${name} keeps its pace on every core`, () => {
    const { macs, cycles } = kept.loops.find((loop) => loop.name === name)!;
    const rates = ["A53", "A57", "A72", "A76"].map((core) => macs / cycles[core]);
    assert(rates.every((rate, i) => rate >= least[i]), `${rates} MAC/cycle, wanted at least ${least}`);
  });
}
