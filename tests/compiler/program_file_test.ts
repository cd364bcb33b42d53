import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { bytesSource, decodeProgram } from "../../src/compiler/program_file.ts";
import { ModelError, SimdetError } from "../../src/errors.ts";
import { compileModel } from "../../src/runtime/compile_model.ts";
import { detectArch } from "../../src/runtime/kernels.ts";
import { Session } from "../../src/runtime/session.ts";
import { graphOf, inputsFor } from "../support/compare.ts";
import { Random, seedOf } from "../support/random.ts";

const graph = graphOf([[1, 9, 7, 5]], (b, [x]) => {
  b.constant("w", [3, 3, 5, 12], new Random(1).tensor([3, 3, 5, 12]).data);
  const attrs = { strides: [2, 2], padding: [1, 1, 1, 1], dilations: [1, 1], groups: 1 } as const;
  return b.node("sigmoid", "y", {}, [b.node("conv2d", "c", attrs, [x, "w"])]);
});

Deno.test("a compiled program computes what the graph does", async () => {
  const inputs = inputsFor(graph, new Random(2));
  using session = await Session.create(graph);
  using loaded = await Session.load(decodeProgram(bytesSource(await compileModel(graph))));
  assertEquals(await loaded.run(inputs), await session.run(inputs));
  assertEquals(loaded.info, session.info);
});

Deno.test("a program for another processor is refused", async () => {
  const arch = detectArch() === "aarch64" ? "x86-64" : "aarch64";
  const program = decodeProgram(bytesSource(await compileModel(graph, { arch })));
  await assertRejects(() => Session.load(program), ModelError, `it is for ${arch}`);
});

Deno.test("a program for other kernels is refused", async () => {
  const program = decodeProgram(bytesSource(await compileModel(graph)));
  const other = { ...program, target: { ...program.target, kernels: "0" } };
  await assertRejects(() => Session.load(other), ModelError, "compile it again");
});

Deno.test("every cut, and any damaged bit, is found", async () => {
  const bytes = await compileModel(graph);
  for (let length = 0; length < bytes.length; length += 7) {
    assertThrows(() => decodeProgram(bytesSource(bytes.subarray(0, length))), ModelError);
  }
  const seed = seedOf(71), random = new Random(seed);
  const start = 16 + new DataView(bytes.buffer).getUint32(8, true);
  for (let round = 0; round < 200; round++) {
    const damaged = bytes.slice();
    const at = random.integer(start, bytes.length - 1);
    damaged[at] ^= 1 << random.integer(0, 7);
    await assertRejects(
      () => Session.load(decodeProgram(bytesSource(damaged))),
      ModelError,
      "checksum",
      `seed ${seed}, byte ${at}`,
    );
  }
  for (let round = 0; round < 300; round++) {
    const damaged = bytes.slice();
    damaged[random.integer(8, start - 1)] = random.integer(0, 255);
    try {
      (await Session.load(decodeProgram(bytesSource(damaged)))).dispose();
    } catch (error) {
      assert(error instanceof SimdetError, `seed ${seed}, round ${round}: ${error}`);
    }
  }
});
