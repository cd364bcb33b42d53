import { assert, assertEquals, assertRejects } from "@std/assert";
import { delay } from "@std/async/delay";
import { Session } from "../../mod.ts";
import {
  type ByteSource,
  bytesSource,
  decodeProgram,
  encodeProgram,
} from "../../src/compiler/program_file.ts";
import { ModelError, SimdetError } from "../../src/errors.ts";
import { compileModel } from "../../src/runtime/compile_model.ts";
import { detectArch } from "../../src/runtime/kernels.ts";
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
  using loaded = await Session.load(await decodeProgram(bytesSource(await compileModel(graph))));
  assertEquals(await loaded.run(inputs), await session.run(inputs));
  assertEquals(loaded.info, session.info);
});

Deno.test("a program is read from promises, several pieces at a time, and each is checked", async () => {
  const wide = graphOf([[1, 3, 3, 512]], (b, [x]) => {
    b.constant("w", [1, 1, 512, 2048], new Random(5).tensor([1, 1, 512, 2048]).data);
    const attrs = { strides: [1, 1], padding: [0, 0, 0, 0], dilations: [1, 1], groups: 1 } as const;
    return b.node("conv2d", "y", attrs, [x, "w"]);
  });
  const bytes = await compileModel(wide), inputs = inputsFor(wide, new Random(6));
  let underWay = 0, most = 0, failing = Infinity;
  const source: ByteSource = {
    size: bytes.length,
    async read(at, into) {
      most = Math.max(most, ++underWay);
      // Later pieces come first.
      await delay(into.length < 2 ** 20 ? 0 : Math.max(0, 20 - at / 2 ** 18));
      underWay--;
      if (at >= failing) throw new ModelError("the bucket is gone");
      into.set(bytes.subarray(at, at + into.length));
    },
  };
  using loaded = await Session.load(await decodeProgram(source));
  using session = await Session.create(wide);
  assertEquals(await loaded.run(inputs), await session.run(inputs));
  assert(most > 1, `${most} reads at a time`);

  const program = await decodeProgram(source);
  failing = 2 ** 21;
  await assertRejects(() => Session.load(program), ModelError, "the bucket is gone");
  failing = Infinity;
  for (const at of [2 ** 21, 2 ** 22]) {
    bytes[at] ^= 1;
    await assertRejects(() => Session.load(program), ModelError, "checksum");
    bytes[at] ^= 1;
  }
});

Deno.test("a file of another release is told from one that is no program", async () => {
  const bytes = await compileModel(graph);
  bytes[7]--;
  await assertRejects(() => decodeProgram(bytesSource(bytes)), ModelError, "it is of another release");
  bytes[0]--;
  await assertRejects(() => decodeProgram(bytesSource(bytes)), ModelError, "it begins otherwise");
});

Deno.test("a program for another processor is refused", async () => {
  const arch = detectArch() === "aarch64" ? "x86-64" : "aarch64";
  const program = await decodeProgram(bytesSource(await compileModel(graph, { arch })));
  await assertRejects(() => Session.load(program), ModelError, `it is for ${arch}`);
});

Deno.test("a program for other kernels is refused", async () => {
  const program = await decodeProgram(bytesSource(await compileModel(graph)));
  const other = { ...program, target: { ...program.target, kernels: "0" } };
  await assertRejects(() => Session.load(other), ModelError, "compile it again");
});

Deno.test("every cut, and any damaged bit, is found", async () => {
  const bytes = await compileModel(graph);
  for (let length = 0; length < bytes.length; length += 7) {
    await assertRejects(() => decodeProgram(bytesSource(bytes.subarray(0, length))), ModelError);
  }
  const seed = seedOf(71), random = new Random(seed);
  const start = 16 + new DataView(bytes.buffer).getUint32(8, true);
  for (let round = 0; round < 200; round++) {
    const damaged = bytes.slice();
    const at = random.integer(start, bytes.length - 1);
    damaged[at] ^= 1 << random.integer(0, 7);
    await assertRejects(
      async () => await Session.load(await decodeProgram(bytesSource(damaged))),
      ModelError,
      "checksum",
      `seed ${seed}, byte ${at}`,
    );
  }
  for (let round = 0; round < 300; round++) {
    const damaged = bytes.slice();
    damaged[random.integer(8, start - 1)] = random.integer(0, 255);
    try {
      (await Session.load(await decodeProgram(bytesSource(damaged)))).dispose();
    } catch (error) {
      assert(error instanceof SimdetError, `seed ${seed}, round ${round}: ${error}`);
    }
  }
});

Deno.test("damaged tensors are found: nothing of them is in the kernels' checksum", async () => {
  const program = await decodeProgram(bytesSource(await compileModel(graph)));
  const tensors = new Map([["priors", new Random(3).tensor([5, 4])]]);
  const bytes = await encodeProgram({ ...program, tensors });
  assertEquals((await decodeProgram(bytesSource(bytes))).tensors, tensors);
  for (let at = bytes.length - 80; at < bytes.length; at += 9) {
    const damaged = bytes.slice();
    damaged[at] ^= 1 << at % 8;
    await assertRejects(
      () => decodeProgram(bytesSource(damaged)),
      ModelError,
      'its tensor "priors" is damaged',
    );
  }
});

/** The hash of a header. */
function hashOf(bytes: Uint8Array<ArrayBuffer>): number {
  return new Int32Array(bytes.slice().buffer).reduce((hash, word) => {
    const product = Math.imul(hash ^ word, 0x01000193);
    return product ^ product >>> 15;
  }, 0x811c9dc5) >>> 0;
}

/** The program with another header, whose checksum is right. */
function forge(bytes: Uint8Array, change: (header: Record<string, unknown>) => unknown): Uint8Array {
  const start = 16 + new DataView(bytes.buffer).getUint32(8, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(16, start)));
  const json = new TextEncoder().encode(JSON.stringify(change(header)));
  const length = Math.ceil((16 + json.length) / 64) * 64 - 16;
  const forged = new Uint8Array(16 + length + bytes.length - start).fill(0x20);
  forged.set(bytes.subarray(0, 8));
  forged.set(json, 16);
  forged.set(bytes.subarray(start), 16 + length);
  const view = new DataView(forged.buffer);
  view.setUint32(8, length, true);
  view.setUint32(12, hashOf(forged.subarray(16, 16 + length)), true);
  return forged;
}

Deno.test("a header that lies is refused before memory is taken", async () => {
  const bytes = await compileModel(graph);
  (await Session.load(await decodeProgram(bytesSource(forge(bytes, (header) => header))))).dispose();
  const port = { name: "x", shape: [1, 9, 7, 5], offset: 5056, stride: 20, nchw: false };
  const lies: ((header: Record<string, unknown>) => unknown)[] = [
    () => null,
    () => [],
    (header) => ({ ...header, target: undefined }),
    (header) => ({ ...header, info: "name" }),
    (header) => ({ ...header, inputs: {} }),
    (header) => ({ ...header, outputs: [null] }),
    (header) => ({ ...header, inputs: [{ ...port, shape: [1, 9, -7, 5] }] }),
    (header) => ({ ...header, inputs: [{ ...port, offset: 1e9 }] }),
    (header) => ({ ...header, inputs: [{ ...port, stride: 1e6 }] }),
    (header) => ({ ...header, sizes: { ...header.sizes as object, total: 1e12 } }),
    (header) => ({ ...header, sizes: { ...header.sizes as object, constants: 640 } }),
    (header) => ({ ...header, tensors: [{ name: "t", shape: [1e6], hash: 1 }] }),
    (header) => ({ ...header, tensors: [{ name: "t", shape: [0] }] }),
    (header) => ({ ...header, commands: { begin: 0, end: 64 } }),
    ({ commands, ...header }) => ({ ...header, commands: { ...commands as object, end: 64 } }),
    ({ steps, ...header }) => ({ ...header, steps: [{ ...(steps as object[])[0], begin: 64 }] }),
    ({ steps, ...header }) => ({ ...header, steps: [{ ...(steps as object[])[0], end: 1e9 }] }),
    ({ steps, ...header }) => ({ ...header, steps: [{ ...(steps as object[])[0], end: undefined }] }),
  ];
  for (const lie of lies) {
    await assertRejects(
      () => decodeProgram(bytesSource(forge(bytes, lie))),
      ModelError,
      "compile it again",
      `${lie}`,
    );
  }
});
