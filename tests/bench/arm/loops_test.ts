import { assertEquals } from "@std/assert";
import { parseDisassembly } from "../../../bench/arm/instruction.ts";
import { findLoops, hotLoop, innerLoops, unroll } from "../../../bench/arm/loops.ts";

/** A loop over channels, around one over rows that is entered at its test; the latch of the outer one comes first, the rare case after the return. */
const NESTED = parseDisassembly(`
   0:	b	0x8
   4:	add	w0, w0, #0x10
   8:	cbnz	w9, 0x3c
   c:	b	0x1c
  10:	cmp	x1, x2
  14:	b.cs	0x40
  18:	fmla	v0.4s, v1.4s, v2.4s
  1c:	cmp	w3, #0x3
  20:	b.lt	0x10
  24:	cmp	w4, #0x4
  28:	b.lt	0x34
  2c:	str	q0, [x7, x1]
  30:	b	0x4
  34:	st1	{v0.s}[0], [x7]
  38:	b.ge	0x4
  3c:	ret
  40:	brk	#0x0
`);

const mnemonics = (body: readonly { mnemonic: string }[] | undefined) =>
  body?.map(({ mnemonic }) => mnemonic).join(" ");

Deno.test("loops are found with those inside them", () => {
  assertEquals(findLoops(NESTED), [{ head: 1, last: 14 }, { head: 4, last: 8 }]);
  assertEquals(hotLoop(NESTED, 0), { head: 4, last: 8 });
  assertEquals(hotLoop(NESTED, 1), { head: 1, last: 14 });
  assertEquals(hotLoop(NESTED, 2), undefined);
  assertEquals(innerLoops(NESTED, { head: 1, last: 14 }), [{ head: 4, last: 8 }]);
});

Deno.test("an iteration runs inner loops as often as told and stores whole vectors", () => {
  const row = "cmp b.cs fmla cmp b.lt";
  assertEquals(
    mnemonics(unroll(NESTED, { head: 1, last: 14 }, [3], ["fma", 3])),
    `add cbnz b cmp b.lt ${row} ${row} ${row} cmp b.lt str b`,
  );
  assertEquals(unroll(NESTED, { head: 1, last: 14 }, [2], ["fma", 3]), undefined);
});

Deno.test("a loop whose last jump lies behind that of the one around it is inside all the same", () => {
  const code = parseDisassembly(`
   0:	add	w0, w0, #0x1
   4:	b	0xc
   8:	fmla	v0.4s, v1.4s, v2.4s
   c:	cmp	w3, #0x3
  10:	b.ge	0x0
  14:	b	0x8
  18:	ret
`);
  assertEquals(findLoops(code), [{ head: 0, last: 5 }, { head: 2, last: 5 }]);
  assertEquals(
    mnemonics(unroll(code, { head: 0, last: 5 }, [2], ["fma", 2])),
    "add b cmp b.ge b fmla cmp b.ge b fmla cmp b.ge",
  );
});
