import { assert, assertEquals, assertThrows } from "@std/assert";
import { toFileUrl } from "@std/path";
import { Session } from "../../mod.ts";
import { buildModel } from "../../models/build.ts";
import { DEFAULT_MODEL } from "../../models/zoo.ts";
import { modelPath } from "../../src/cli/weights.ts";
import { compile } from "../../src/compiler/program.ts";
import { OptionError } from "../../src/errors.ts";
import { readModel } from "../../src/detection/read_model.ts";
import { graphOf, inputsFor } from "../support/compare.ts";
import { Random, seedOf } from "../support/random.ts";
import { cocoSsdBytes } from "../weights.ts";

Deno.test("outputs are bit-identical on 1, 2, 3 and 4 threads", async () => {
  const graph = await readModel(await cocoSsdBytes());
  const inputs = { [graph.inputs[0].name]: new Random(5).tensor(graph.inputs[0].shape) };
  using one = await Session.create(graph);
  const wanted = one.runSync(inputs);
  for (const threads of [2, 3, 4]) {
    using session = await Session.create(graph, { threads });
    assertEquals(session.info.threads, threads);
    await session.start();
    for (let i = 0; i < 5; i++) {
      const outputs = session.runSync(inputs);
      for (const name of graph.outputs) {
        assertEquals(outputs[name].data, wanted[name].data, `${name}, ${threads} threads`);
      }
    }
  }
});

Deno.test("every kernel gives the same bits on 1, 2, 3 and 4 threads, however its work is cut", async () => {
  const kernels = new Set<string>();
  // Between them: deep and shallow Winograd of both sizes, im2col, implicit products with and without groups, expansions filtered in strips, products cut along rows and columns.
  for (const name of ["vovnet27-slim", "cspresnext50", "mobilenetv2", "shufflenet-v2"]) {
    const graph = buildModel(name, { inputSize: 112 });
    for (const arch of ["x86-64", "aarch64"] as const) {
      using one = await Session.create(graph, { arch });
      const [{ name: input, shape }] = one.inputs, [{ name: output }] = one.outputs;
      const inputs = { [input]: new Random(6).tensor(shape) };
      const wanted = one.runSync(inputs)[output].data;
      for (const threads of [2, 3, 4]) {
        using session = await Session.create(graph, { arch, threads });
        await session.start();
        for (let run = 0; run < 2; run++) {
          assertEquals(session.runSync(inputs)[output].data, wanted, `${name}, ${arch}, ${threads} threads`);
        }
        for (const { kernel } of compile(graph, { arch, threads }).steps) kernels.add(kernel);
      }
    }
  }
  for (
    const kernel of [
      "winograd_2x2_3x3",
      "winograd_4x4_3x3",
      "gemm_5x8",
      "gemm_4x16",
      "implicit_gemm_5x8+leaky_relu",
      "implicit_gemm_4x16+leaky_relu",
    ]
  ) {
    assert(kernels.has(kernel), `${kernel} of ${[...kernels]}`);
  }
  assert(kernels.has("im2col_gemm_5x8") && kernels.has("gemm_5x8+depthwise_3x3"), [...kernels].join());
});

Deno.test("Winograd's steps, shared by threads, give the bits of one thread in blocks: two blocks, an activation, a residual", async () => {
  const random = new Random(seedOf(7));
  // Weights of 12 MB, more than V and M of 49 tiles, which are more than a block of 4 MiB.
  const graph = graphOf([[1, 26, 25, 300], [1, 26, 25, 304]], (builder, [x, residual]) => {
    builder.constant("w", [3, 3, 300, 304], random.tensor([3, 3, 300, 304]).data);
    builder.constant("b", [304], random.tensor([304]).data);
    const activation = { op: "silu", attrs: {} } as const;
    const attrs = {
      strides: [1, 1],
      padding: [1, 1, 1, 1],
      dilations: [1, 1],
      groups: 1,
      activation,
    } as const;
    return builder.node("conv2d", "y", attrs, [x, "w", "b", residual]);
  });
  const inputs = inputsFor(graph, random);
  for (const arch of ["x86-64", "aarch64"] as const) {
    using one = await Session.create(graph, { arch });
    const wanted = one.runSync(inputs).y.data;
    for (const threads of [2, 3, 4]) {
      const [{ kernel }] = compile(graph, { arch, threads }).steps;
      assertEquals(kernel, "winograd_4x4_3x3+silu");
      using session = await Session.create(graph, { arch, threads });
      await session.start();
      for (let run = 0; run < 2; run++) {
        assertEquals(
          session.runSync(inputs).y.data,
          wanted,
          `seed ${seedOf(7)}, ${arch}, ${threads} threads`,
        );
      }
    }
  }
});

Deno.test({
  name: "threads burn no processor time between runs",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await cocoSsdBytes();
    const script = new URL("idle.ts", import.meta.url);
    const { code, stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", script.href, toFileUrl(await modelPath(DEFAULT_MODEL)).href],
    }).output();
    const idle = Number(new TextDecoder().decode(stdout));
    assertEquals(code, 0);
    assert(idle <= 100, `${idle} ms of processor time in an idle second`);
  },
});

/** Workers of hosts that refuse them: at once, or by an event. */
const refusals = {
  "at once": class {
    constructor() {
      throw new DOMException("refused", "SecurityError");
    }
  },
  "by an event": class {
    onerror?: (event: { message: string; preventDefault(): void }) => void;
    constructor() {
      setTimeout(() => this.onerror?.({ message: "refused", preventDefault() {} }));
    }
    postMessage() {}
    terminate() {}
  },
};

for (const [how, refusal] of Object.entries(refusals)) {
  Deno.test(`where a host refuses workers ${how}, one thread runs`, async () => {
    const { Worker } = globalThis;
    globalThis.Worker = refusal as unknown as typeof Worker;
    try {
      using session = await Session.create(buildModel("mobilenetv2", { inputSize: 32 }), { threads: 2 });
      for (let run = 0; run < 2; run++) session.execute();
      await session.start();
      assertEquals(session.profile(1)[0].threads, 1);
    } finally {
      globalThis.Worker = Worker;
    }
  });
}

Deno.test("workers that are called find the run however late it comes, and none where inputs are refused", async () => {
  const graph = graphOf(
    [[1, 8, 8, 16]],
    (b, [x]) => b.node("tanh", "y", {}, [b.node("sigmoid", "s", {}, [x])]),
  );
  using session = await Session.create(graph, { threads: 3 });
  await session.start();
  const inputs = inputsFor(graph, new Random(8)), wanted = session.runSync(inputs);
  for (let round = 0; round < 30; round++) {
    assertThrows(() => session.runSync({}), OptionError, "is missing");
    // From at once to long after they have gone back to sleep.
    const until = performance.now() + round ** 2 / 100;
    while (performance.now() < until);
    assertEquals(session.runSync(inputs), wanted);
  }
  assertEquals(Math.min(...session.profile(1).map(({ threads }) => threads)), 3);
});

Deno.test("workers that went for want of work come back in a loop that never yields", async () => {
  using session = await Session.create(buildModel("mobilenetv2", { inputSize: 64 }), { threads: 2 });
  const taking = () => Math.max(...session.profile(1).map(({ threads }) => threads));
  session.execute();
  await session.start();
  assertEquals(taking(), 2);
  await new Promise((resolve) => setTimeout(resolve, 2500));
  const deadline = performance.now() + 10_000;
  while (taking() < 2) assert(performance.now() < deadline, "one thread still");
});
