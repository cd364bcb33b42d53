import { assertEquals } from "@std/assert";
import { inOrderCycles } from "../../../bench/arm/in_order.ts";
import { type Instruction, parseDisassembly } from "../../../bench/arm/instruction.ts";

function code(...lines: string[]): Instruction[] {
  return parseDisassembly(lines.map((line, i) => `  ${(i * 4).toString(16)}:\t${line}`).join("\n"));
}

Deno.test("independent multiply-adds go one a cycle", () => {
  assertEquals(
    inOrderCycles(code(...Array.from({ length: 8 }, (_, i) => `fmla v${i}.4s, v30.4s, v31.4s`))),
    8,
  );
});

Deno.test("a multiply-add waits 4 cycles for the sum it adds to, 8 for one that it multiplies", () => {
  assertEquals(inOrderCycles(code("fmla v0.4s, v30.4s, v31.4s")), 4);
  assertEquals(inOrderCycles(code("fmla v0.4s, v1.4s, v31.4s", "fmla v1.4s, v0.4s, v31.4s")), 16);
});

Deno.test("integer instructions go two a cycle, and beside vectors", () => {
  const integers = ["add x0, x10, #0x1", "add x1, x10, #0x1", "add x2, x10, #0x1", "add x3, x10, #0x1"];
  assertEquals(inOrderCycles(code(...integers)), 2);
  const vectors = ["fmla v0.4s, v30.4s, v31.4s", "fmla v1.4s, v30.4s, v31.4s"];
  const mixed = [...vectors, "fmla v2.4s, v30.4s, v31.4s", "fmla v3.4s, v30.4s, v31.4s"]
    .flatMap((vector, i) => [vector, integers[i]]);
  assertEquals(inOrderCycles(code(...mixed)), 4);
});

Deno.test("a load of a whole vector keeps the vector unit for 2 cycles, and is waited for 4", () => {
  assertEquals(inOrderCycles(code("ldr q0, [x1]", "ldr q1, [x1, #16]")), 4);
  const dependent = code("ldr q0, [x1]", "fadd v1.4s, v0.4s, v2.4s");
  assertEquals(inOrderCycles(dependent), 5);
});

Deno.test("branches go one a cycle, and wait for the flags", () => {
  assertEquals(inOrderCycles(code("cmp x0, x1", "b.cs 0x100", "cmp x2, x1", "b.cs 0x100")), 2);
  assertEquals(inOrderCycles(code("ldr x0, [x0]", "subs x0, x0, #0x1", "b.cs 0x100")), 4);
});
