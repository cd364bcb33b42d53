import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Session } from "../../mod.ts";
import { bytesSource, decodeProgram } from "../../src/compiler/program_file.ts";
import { HostError, ModelError, OptionError } from "../../src/errors.ts";
import type { Graph } from "../../src/graph/graph.ts";
import { compileModel } from "../../src/runtime/compile_model.ts";
import type { Tensor } from "../../src/tensor.ts";
import { graphOf } from "../support/compare.ts";
import { Random } from "../support/random.ts";

const plain = { strides: [1, 1], padding: [0, 0, 0, 0], dilations: [1, 1], groups: 1 } as const;

function pointwise(): Graph {
  return graphOf([[1, 2, 3, 4]], (builder, [x]) => {
    builder.constant("w", [1, 1, 4, 2], new Random(1).tensor([1, 1, 4, 2]).data);
    return builder.node("conv2d", "y", plain, [x, "w"]);
  });
}

Deno.test("a session tells its inputs, outputs and what it runs on", async () => {
  using session = await Session.create(pointwise());
  assertEquals(session.inputs, [{ name: "x0", shape: [1, 2, 3, 4] }]);
  assertEquals(session.outputs, [{ name: "y", shape: [1, 2, 3, 2] }]);
  assertEquals([session.info.threads, session.info.precision], [1, "fp32"]);
  assert(session.info.memory.total > 0);
});

Deno.test("NCHW ports take and give [n, c, h, w]", async () => {
  const { GraphBuilder } = await import("../../src/graph/builder.ts");
  const builder = new GraphBuilder();
  const y = builder.node("clip", "y", { lo: 0 }, [builder.input("x", [1, 2, 3, 4])]);
  using session = await Session.create(builder.build({ name: "t" }, [y], ["x", "y"]));
  assertEquals(session.inputs[0].shape, [1, 4, 2, 3]);
  const data = Float32Array.from({ length: 24 }, (_, i) => i);
  const { y: out } = await session.run({ x: { shape: [1, 4, 2, 3], data } });
  assertEquals(out, { shape: [1, 4, 2, 3], data });
});

Deno.test("wrong inputs are named with the shape wanted", async () => {
  using session = await Session.create(pointwise());
  await assertRejects(() => session.run({}), OptionError, 'input "x0" (1x2x3x4) is missing');
  const wrong = { x0: { shape: [1, 2, 3, 3], data: new Float32Array(18) } };
  await assertRejects(() => session.run(wrong), OptionError, "wanted 1x2x3x4");
  const data = new Float32Array(24), shape = [1, 2, 3, 4];
  for (
    const other of [data, { shape }, { data }, { shape, data: new Float64Array(24) }, { shape, data: "x" }]
  ) {
    const inputs = { x0: other } as unknown as Record<string, Tensor>;
    await assertRejects(() => session.run(inputs), OptionError, 'input "x0" is not { shape, data }');
  }
  assertThrows(() => session.port("z"), OptionError);
  assertThrows(() => session.profile(0), OptionError, "runs must be a number of at least 1, not 0");
  await assertRejects(() => Session.create(pointwise(), { threads: 0 }), OptionError, "from 1 to 16");
});

Deno.test("NCHW ports of a batch, one of them a part of a wider map, keep pictures and channels in place", async () => {
  for (const channels of [3, 5]) {
    const rest = channels - 1;
    const graph = {
      ...graphOf(
        [[2, 2, 3, channels]],
        (builder, [x]) => builder.node("slice", "y", { starts: [0, 0, 0, 1], sizes: [2, 2, 3, rest] }, [x]),
      ),
      nchw: ["x0", "y"],
    };
    using session = await Session.create(graph);
    assertEquals(session.inputs[0].shape, [2, channels, 2, 3]);
    assertEquals(session.outputs[0].shape, [2, rest, 2, 3]);
    const data = Float32Array.from({ length: 12 * channels }, (_, i) => i);
    const { y } = session.runSync({ x0: { shape: [2, channels, 2, 3], data } });
    const image = 6 * channels;
    assertEquals([...y.data], [...data.subarray(6, image), ...data.subarray(image + 6)]);
  }
});

Deno.test("a model that asks for more memory than it may have is told how much", async () => {
  const graph = graphOf([[1, 2 ** 27]], (builder, [x]) => builder.node("sigmoid", "y", {}, [x]));
  const wanted = "Cannot run model: it needs 1025 MiB of memory, the limit is 1024";
  await assertRejects(() => Session.create(graph), ModelError, wanted);
  await assertRejects(() => compileModel(graph), ModelError, wanted);
  const small = pointwise(), program = await decodeProgram(bytesSource(await compileModel(small)));
  const maxMemory = 1 / 1024;
  await assertRejects(() => Session.load(program, { maxMemory }), ModelError, "it needs 1 MiB");
  (await Session.load(program, { maxMemory: 1 })).dispose();
  await assertRejects(() => compileModel(small, { threads: 0 }), OptionError, "from 1 to 16");
});

Deno.test("a graph of views alone runs", async () => {
  const graph = graphOf(
    [[1, 1, 2, 4]],
    (builder, [x]) => builder.node("slice", "y", { starts: [0, 0, 1, 0], sizes: [1, 1, 1, 4] }, [x]),
  );
  using session = await Session.create(graph);
  const data = new Float32Array([1, 2, 3, 4, 5, 6, 7, 8]);
  assertEquals([...(await session.run({ x0: { shape: [1, 1, 2, 4], data } })).y.data], [5, 6, 7, 8]);
});

for (const threads of [1, 3]) {
  Deno.test(`a kernel that traps ends the run with an error, on ${threads} threads, and never hangs it`, async () => {
    using session = await Session.create(pointwise(), { threads });
    session.execute();
    await session.start();
    const words = new Int32Array(session.memory.buffer);
    const { total, commands } = session.info.memory;
    words[findCommand(words, (total - commands) / 4 - 16)] = 999;
    assertThrows(() => session.execute(), HostError, "Cannot finish the run");
  });
}

/** The first command at or after a word: kernel 0 (gemm), 23 words long. */
function findCommand(words: Int32Array, from: number): number {
  for (let i = from; i < words.length - 1; i++) if (words[i] === 0 && words[i + 1] === 23) return i;
  throw new Error("no command found");
}

Deno.test("profile times every layer against the measured peak", async () => {
  using session = await Session.create(pointwise());
  session.execute();
  const [layer] = session.profile(3);
  assertEquals(layer.threads, 1);
  assertEquals([layer.name, layer.op, layer.inputs, layer.outputs, layer.macs], [
    "y",
    "conv2d",
    "1x2x3x4",
    "1x2x3x2",
    48,
  ]);
  assert(layer.ms > 0 && layer.share > 0 && layer.share < 1);
  // 24 values in, 8 weights, 12 out.
  assertEquals(Math.round(layer.gbs * layer.ms * 1e6), 4 * (24 + 8 + 12));
  assert(session.peaks.copy.every(({ gbs }) => gbs > 0) && layer.lost <= layer.ms);
});

Deno.test("profile finds the same inputs in every run, however many", async () => {
  // In place, so that a run takes what the one before has left unless it is given anew.
  const graph = graphOf([[1, 2, 3, 4]], (builder, [x]) => {
    const half = builder.node("hard_sigmoid", "half", { alpha: 0.5, beta: 0 }, [x]);
    return builder.node("hard_sigmoid", "y", { alpha: 0.5, beta: 0 }, [half]);
  });
  using session = await Session.create(graph);
  const { offset } = session.port("y");
  const results = [1, 9].map((runs) => {
    session.profile(runs);
    return [...new Float32Array(session.memory.buffer, offset, 24)];
  });
  assert(results[0][1] > 0);
  assertEquals(results[1], results[0]);
});

Deno.test("the peak of dot products does the multiply-adds it counts, and is left out without relaxed SIMD", async () => {
  for (
    const { simd, arch, macs } of [
      { simd: "relaxed", arch: "x86-64", macs: 192 },
      { simd: "relaxed", arch: "aarch64", macs: 192 },
      { simd: "simd128", arch: "x86-64", macs: 0 },
    ] as const
  ) {
    using session = await Session.create(pointwise(), { simd, arch });
    assertEquals(session.kernels.peak_dot(7, 3, 5), 7 * macs * 15);
    assertEquals((session.peaks.dotGmacs ?? 0) > 0, macs > 0);
  }
});
