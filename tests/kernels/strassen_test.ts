/** Products by halves against the reference and against float64, their tiles, and when they are taken. */
import { assert, assertEquals } from "@std/assert";
import { Session } from "../../mod.ts";
import { compile } from "../../src/compiler/program.ts";
import { runReference } from "../../src/graph/graph.ts";
import type { Graph } from "../../src/graph/graph.ts";
import type { Activation } from "../../src/ops/activation.ts";
import type { Limits } from "../../src/kernels/emitter.ts";
import { cutHalves, rateStrassen, waysOfProduct } from "../../src/kernels/strassen.ts";
import { openWays } from "../../bench/support/ways.ts";
import { BUILDS, compareBuilds, errorOf, graphOf, inputsFor } from "../support/compare.ts";
import { Random, seedOf } from "../support/random.ts";

const plain = { strides: [1, 1], padding: [0, 0, 0, 0], dilations: [1, 1], groups: 1 } as const;

interface Case {
  readonly input: readonly [n: number, h: number, w: number, c: number];
  readonly outputs: number;
  readonly residual?: boolean;
  readonly bias?: boolean;
  readonly limits?: Limits;
  readonly activation?: Activation;
  /** Channels before and behind the input and the output in the maps that they are part of. */
  readonly around?: readonly [before: number, after: number];
}

/** A pointwise convolution between maps that are wider than what it reads and writes. */
function pointwise(random: Random, test: Case): Graph {
  const {
    input: [n, h, w, c],
    outputs,
    residual,
    bias = true,
    activation,
    limits = { lo: -40, hi: 90 },
    around: [before, after] = [0, 0],
  } = test;
  return graphOf([[n, h, w, before + c + after], [n, h, w, outputs]], (builder, [x, r]) => {
    builder.constant("w", [1, 1, c, outputs], random.tensor([1, 1, c, outputs]).data);
    builder.constant("b", [outputs], random.tensor([outputs]).data);
    const part = builder.node("slice", "part", { starts: [0, 0, 0, before], sizes: [n, h, w, c] }, [x]);
    const attrs = { ...plain, ...(activation ? { activation } : { limits }) };
    const y = builder.node("conv2d", "y", attrs, [
      part,
      "w",
      ...(bias || residual ? ["b"] : []),
      ...(residual ? [r] : []),
    ]);
    return before + after === 0 ? y : builder.node("concat", "all", { axis: 3 }, [r, y, x]);
  });
}

Deno.test("products by halves equal the reference at every edge of rows, channels and columns", async () => {
  const random = new Random(seedOf(81));
  for (const c of [16, 48]) {
    for (const outputs of [1, 8, 9, 16, 17, 24, 25, 33, 40, 41, 64]) {
      for (const w of [1, 2, 9, 10, 11, 20]) {
        const test: Case = { input: [1, 1, w, c], outputs, residual: (w + outputs) % 3 === 0 };
        await compareBuilds(
          pointwise(random, test),
          random,
          2e-5,
          `seed ${seedOf(81)}, ${JSON.stringify(test)}`,
        );
      }
    }
  }
});

Deno.test("products by halves equal the reference with every epilogue, in parts of wider maps, where they are taken", async () => {
  const random = new Random(seedOf(82)), kernels = new Set<string>();
  const activations: readonly (Activation | undefined)[] = [
    undefined,
    { op: "leaky_relu", attrs: { alpha: 0.1 } },
    { op: "silu", attrs: {} },
  ];
  for (let i = 0; i < 6; i++) {
    const test: Case = {
      input: [1, random.integer(13, 15), random.integer(13, 14), 304],
      outputs: random.pick([196, 200, 249, 256]),
      residual: i % 2 === 1,
      bias: random.pick([true, false]),
      activation: activations[i % 3],
      around: random.pick([[0, 0], [4, 9], [0, 3]]),
    };
    const label = `seed ${seedOf(82)}, round ${i}, ${JSON.stringify(test)}`;
    for (const kernel of await compareBuilds(pointwise(random, test), random, 2e-5, label)) {
      kernels.add(kernel);
    }
  }
  for (const tile of ["5x8", "4x16"]) {
    for (const activation of ["", "+leaky_relu", "+silu"]) {
      assert(kernels.has(`strassen_${tile}${activation}`), `${tile}${activation}`);
    }
  }
});

Deno.test("products by halves stay within 1e-5 of a layer's range of float64, many tiles high and wide", async () => {
  for (
    const [input, outputs] of [
      [[1, 28, 28, 256], 56],
      [[1, 14, 14, 1024], 40],
      [[1, 13, 13, 1728], 41],
      [[1, 40, 40, 128], 48],
    ] as const
  ) {
    const random = new Random(seedOf(83));
    const graph = pointwise(random, { input, outputs, limits: {} });
    const inputs = inputsFor(graph, random);
    const wanted = runReference(graph, inputs).y.data;
    for (const build of BUILDS) {
      const ways = await openWays(graph, build);
      const halves = ways.find(({ kernel }) => kernel.startsWith("strassen"))!;
      halves.write(inputs);
      halves.run();
      const error = errorOf(halves.read().y.data, wanted);
      assert(error <= 1e-5, `seed ${seedOf(83)}, ${input} to ${outputs}, ${JSON.stringify(build)}: ${error}`);
    }
  }
});

Deno.test("products by halves give the same bits on 1 to 4 threads, cut along rows and columns", async () => {
  for (const arch of ["x86-64", "aarch64"] as const) {
    for (
      const [input, outputs] of [
        [[1, 15, 17, 256], 248],
        [[1, 14, 14, 320], 192],
      ] as const
    ) {
      const random = new Random(seedOf(84));
      const graph = pointwise(random, { input, outputs, residual: outputs === 248 });
      const inputs = inputsFor(graph, random);
      let wanted: Float32Array | undefined;
      for (const threads of [1, 2, 3, 4]) {
        const [step] = compile(graph, { arch, threads }).steps;
        assert(step.kernel.startsWith("strassen"), step.kernel);
        using session = await Session.create(graph, { arch, threads });
        await session.start();
        for (let run = 0; run < 2; run++) {
          const { y } = session.runSync(inputs);
          wanted ??= y.data.slice();
          const first = y.data.findIndex((value, i) => value !== wanted![i]);
          assertEquals(first, -1, `${input} to ${outputs}, ${arch}, ${threads} threads`);
        }
      }
    }
  }
});

Deno.test("tiles of products by halves are whole register tiles and pairs of panels, within cache, as many as threads share evenly", () => {
  for (const arch of ["x86-64", "aarch64"] as const) {
    const tile = arch === "aarch64" ? { rows: 4, columns: 16 } : { rows: 5, columns: 8 };
    for (const m of [1, 10, 49, 196, 361, 3136]) {
      for (const [k, n] of [[16, 1], [128, 128], [512, 512], [1280, 546], [576, 273]]) {
        const most = cutHalves(m, k, n, { arch, threads: 1 });
        assert(most.columns >= n);
        for (const threads of [1, 2, 3, 4]) {
          const { rows, columns } = cutHalves(m, k, n, { arch, threads });
          assert(rows <= most.rows);
          assertEquals([rows % tile.rows, columns % (2 * tile.columns)], [0, 0]);
        }
      }
    }
    for (const threads of [2, 4]) {
      const { rows, columns } = cutHalves(784, 256, 256, { arch, threads });
      assertEquals(Math.ceil(392 / rows) * Math.ceil(256 / columns) % threads, 0);
    }
  }
});

Deno.test("halves are taken where seven products for eight make up for the sums", () => {
  const first = (m: number, k: number, n: number, residual = false) =>
    waysOfProduct(m, k, n, residual, "x86-64", "pixels")[0].halves;
  assertEquals(waysOfProduct(196, 512, 512, false, "x86-64", "pixels"), [
    { halves: true, reason: "pixels; by halves about 1.08 times as fast" },
    { halves: false, reason: "pixels" },
  ]);
  // Half of the channels is to be whole pairs of vectors.
  assertEquals(waysOfProduct(196, 504, 512, false, "x86-64", "pixels"), [{
    halves: false,
    reason: "pixels",
  }]);
  // Few rows share the sums of weights; few columns those of A; few channels pay for the sums of products.
  assertEquals([first(100, 512, 512), first(49, 512, 512)], [true, false]);
  assertEquals([first(784, 512, 96), first(784, 512, 32)], [true, false]);
  assertEquals([first(784, 96, 512), first(784, 64, 512)], [true, false]);
  assertEquals([first(3136, 128, 128), first(3136, 128, 128, true)], [true, false]);
  // Small caches cut the rows into more tiles, each with sums of all weights.
  assert(rateStrassen(196, 1024, 512, false, "aarch64") < rateStrassen(196, 1024, 512, false, "x86-64"));
});
