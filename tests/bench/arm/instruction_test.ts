import { assertEquals } from "@std/assert";
import { isSpill, parseDisassembly, targetOf, unitOf } from "../../../bench/arm/instruction.ts";

const UNITS = {
  "fmla\tv1.4s, v27.4s, v23.4s": "fma",
  "fadd\tv0.4s, v1.4s, v2.4s": "fp",
  "fmax\tv0.4s, v1.4s, v2.4s": "fp",
  "smax\tv0.4s, v1.4s, v2.4s": "vector",
  "dup\tv27.4s, v19.s[0]": "vector",
  "ldr\tq0, [x7, x11]": "load",
  "ld1r\t{v0.4s}, [x1]": "splat",
  "ldurb\tw0, [x26, #-207]": "load-word",
  "str\tq0, [x7, x11]": "store",
  "st1\t{v0.s}[0], [x7]": "store-word",
  "b.cs\t0x145c  // b.hs, b.nlast": "branch",
  "cbnz\tw0, 0x1058": "branch",
  "add\tx0, x7, x2": "integer",
} as const;

Deno.test("every instruction has its unit", () => {
  for (const [text, unit] of Object.entries(UNITS)) {
    const [instruction] = parseDisassembly(`   4:\t${text}`);
    assertEquals(unitOf(instruction), unit, text);
  }
});

Deno.test("branches have targets, and registers on the stack count as spilled", () => {
  const [branch, compare, spill, load] = parseDisassembly(`
   0:	b.cs	0x145c  // b.hs, b.nlast
   4:	cmp	x6, #0x5
   8:	str	q4, [sp, #120]
   c:	ldr	q4, [x7, x2]
`);
  assertEquals([branch, compare].map(targetOf), [0x145c, undefined]);
  assertEquals([branch, compare, spill, load].map(isSpill), [false, false, true, false]);
});
