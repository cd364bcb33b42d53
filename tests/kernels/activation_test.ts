/** Activations that convolutions apply themselves, on every kernel, against the reference. */
import { assert, assertEquals } from "@std/assert";
import { Session } from "../../mod.ts";
import type { Padding, Pair } from "../../src/geometry.ts";
import type { Graph } from "../../src/graph/graph.ts";
import { compile } from "../../src/compiler/program.ts";
import type { Activation } from "../../src/ops/activation.ts";
import { compareBuilds, graphOf, inputsFor } from "../support/compare.ts";
import { Random, seedOf } from "../support/random.ts";

const ACTIVATIONS: readonly Activation[] = [
  { op: "leaky_relu", attrs: { alpha: 0.1 } },
  { op: "leaky_relu", attrs: { alpha: 1.5 } },
  { op: "sigmoid", attrs: {} },
  { op: "silu", attrs: {} },
  { op: "mish", attrs: {} },
  { op: "hard_sigmoid", attrs: { alpha: 0.2, beta: 0.4 } },
  { op: "hard_swish", attrs: {} },
  { op: "tanh", attrs: {} },
];

interface Case {
  readonly input: readonly [n: number, h: number, w: number, c: number];
  readonly kernel: Pair;
  readonly outputs: number;
  readonly groups?: number;
  readonly strides?: Pair;
  readonly padding?: Padding;
  readonly dilations?: Pair;
}

/** Shapes at the edges of tiles, by the kernels that run them on x86-64 and aarch64. */
const CASES: Readonly<Record<string, readonly Case[]>> = {
  "gemm_5x8 gemm_4x16": [1, 4, 7, 8, 9, 16, 17, 25].flatMap((outputs) =>
    [1, 5, 7, 13].map((w): Case => ({ input: [1, 1, w, 6], kernel: [1, 1], outputs }))
  ),
  "im2col_gemm_5x8 im2col_gemm_4x16": [
    { input: [2, 7, 6, 5], kernel: [3, 3], outputs: 19, strides: [2, 2], padding: [1, 1, 1, 1] },
    { input: [1, 5, 4, 6], kernel: [3, 1], outputs: 10, groups: 2, dilations: [1, 2] },
  ],
  "winograd_4x4_3x3 winograd_4x4_3x3": [
    { input: [1, 9, 11, 32], kernel: [3, 3], outputs: 35, padding: [1, 1, 1, 1] },
    { input: [2, 8, 13, 33], kernel: [3, 3], outputs: 32 },
  ],
  "winograd_2x2_3x3 winograd_2x2_3x3": [
    { input: [1, 7, 6, 131], kernel: [3, 3], outputs: 190, padding: [1, 1, 1, 1] },
  ],
  "implicit_gemm_8x4 implicit_gemm_8x4": [
    { input: [2, 5, 9, 12], kernel: [3, 3], outputs: 12, groups: 3, padding: [1, 1, 1, 1] },
    { input: [2, 5, 7, 12], kernel: [3, 3], outputs: 12, groups: 3, padding: [1, 1, 1, 1] },
  ],
  "implicit_gemm_5x8 implicit_gemm_4x16": [
    { input: [2, 9, 7, 3], kernel: [3, 3], outputs: 19, strides: [2, 2], padding: [1, 1, 1, 1] },
    { input: [1, 6, 7, 8], kernel: [3, 3], outputs: 40, groups: 2, strides: [2, 1] },
    { input: [1, 6, 11, 8], kernel: [3, 3], outputs: 40, groups: 2, strides: [2, 1] },
  ],
  "depthwise_3x3_4px depthwise_3x3_4px": [
    { input: [1, 6, 9, 7], kernel: [3, 3], outputs: 7, groups: 7, padding: [1, 1, 1, 1] },
    { input: [2, 5, 9, 6], kernel: [3, 3], outputs: 6, groups: 6, strides: [2, 2], padding: [1, 1, 1, 1] },
  ],
  "depthwise_3x3_2rows depthwise_3x3_3rows": [
    ...[5, 6, 7, 8].map((h): Case => (
      { input: [1, h, 7, 12], kernel: [3, 3], outputs: 12, groups: 12, padding: [1, 1, 1, 1] }
    )),
    ...[5, 9, 13, 14].map((h): Case => (
      { input: [1, h, 9, 8], kernel: [3, 3], outputs: 8, groups: 8, strides: [2, 2], padding: [1, 1, 1, 1] }
    )),
  ],
  "depthwise_3x3_1px depthwise_3x3_1px": [
    { input: [1, 6, 7, 5], kernel: [3, 3], outputs: 5, groups: 5, dilations: [2, 2] },
  ],
};

/** A convolution, with a residual if that is wanted, and an activation behind it; values are about those where the functions bend. */
function network(random: Random, test: Case, residual: boolean, { op, attrs }: Activation): Graph {
  const { input, kernel, outputs, groups = 1, strides = [1, 1], padding = [0, 0, 0, 0], dilations = [1, 1] } =
    test;
  const shape = [...kernel, input[3] / groups, outputs];
  return graphOf([input], (builder, [x]) => {
    const constant = (name: string, shape: readonly number[], taps: number) =>
      builder.constant(name, shape, random.tensor(shape).data.map((value) => value / Math.sqrt(taps)));
    const one = { padding: [0, 0, 0, 0], dilations: [1, 1], strides: [1, 1], groups: 1 } as const;
    const branch = residual &&
      builder.node("conv2d", "branch", one, [x, constant("r", [1, 1, input[3], outputs], input[3])]);
    const weight = constant("w", shape, kernel[0] * kernel[1] * shape[2]);
    const window = { strides, padding, dilations, groups };
    const conv = builder.node("conv2d", "conv", window, [x, weight, constant("b", [outputs], 1)]);
    const y = branch ? builder.node("add", "sum", {}, [branch, conv]) : conv;
    return builder.node(op, "y", attrs, [y]);
  });
}

for (const activation of ACTIVATIONS) {
  const { op, attrs } = activation;
  Deno.test(`${op} ${JSON.stringify(attrs)} in the kernel of a convolution equals the reference`, async () => {
    const random = new Random(seedOf(71));
    for (const [kernels, cases] of Object.entries(CASES)) {
      for (const test of cases) {
        const unit = test.padding?.every((p) => p === 1) && !test.strides && !test.groups;
        for (const residual of unit || kernels.startsWith("gemm") ? [false, true] : [false]) {
          const graph = network(random, test, residual, activation);
          const label = `${op}, seed ${seedOf(71)}, residual ${residual}, ${JSON.stringify(test)}`;
          const met = await compareBuilds(graph, random, 2e-5, label);
          for (const kernel of kernels.split(" ")) {
            assert(met.includes(`${kernel}+${op}`), `${label}: ran ${met.join()}`);
          }
        }
      }
    }
  });
}

Deno.test("activations of an expansion and of the filter behind it equal the reference", async () => {
  const random = new Random(seedOf(72));
  for (const [expansion, filter] of [["silu", "hard_swish"], ["tanh", "mish"]] as const) {
    const graph = graphOf([[1, 81, 80, 4]], (builder, [x]) => {
      const constant = (name: string, ...shape: number[]) =>
        builder.constant(name, shape, random.tensor(shape).data.map((value) => value / 3));
      const window = { strides: [1, 1], padding: [0, 0, 0, 0], dilations: [1, 1], groups: 1 } as const;
      const wide = builder.node("conv2d", "wide", window, [x, constant("w", 1, 1, 4, 44)]);
      const narrow = { ...window, strides: [2, 2], padding: [1, 1, 1, 1], groups: 44 } as const;
      const active = builder.node(expansion, "active", {}, [wide]);
      return builder.node(
        filter,
        "y",
        {},
        [builder.node("conv2d", "filtered", narrow, [active, constant("f", 3, 3, 1, 44)])],
      );
    });
    const met = await compareBuilds(graph, random, 2e-5, `seed ${seedOf(72)}`);
    assert(met.includes(`gemm_5x8+${expansion}+depthwise_3x3+${filter}`), met.join());
  }
});

/** Shapes of enough work to be cut into several tiles. */
const LARGE: readonly Case[] = [
  { input: [1, 30, 31, 40], kernel: [1, 1], outputs: 100 },
  { input: [1, 29, 31, 24], kernel: [3, 3], outputs: 40, strides: [2, 2] },
  { input: [1, 30, 33, 48], kernel: [3, 3], outputs: 52, padding: [1, 1, 1, 1] },
  { input: [1, 7, 6, 131], kernel: [3, 3], outputs: 190, padding: [1, 1, 1, 1] },
  { input: [1, 30, 33, 48], kernel: [3, 3], outputs: 48, groups: 4, padding: [1, 1, 1, 1] },
  { input: [1, 50, 41, 64], kernel: [3, 3], outputs: 64, groups: 64, padding: [1, 1, 1, 1] },
];

Deno.test("activations in the kernels of convolutions give the same bits on 1, 2, 3 and 4 threads", async () => {
  const random = new Random(seedOf(73));
  const kernels = new Set<string>();
  for (const [i, test] of LARGE.entries()) {
    const graph = network(random, test, false, ACTIVATIONS[i]);
    const inputs = inputsFor(graph, random);
    for (const arch of ["x86-64", "aarch64"] as const) {
      const outputs = await Promise.all([1, 2, 3, 4].map(async (threads) => {
        for (const { kernel } of compile(graph, { arch, threads }).steps) kernels.add(kernel.split("+")[0]);
        using session = await Session.create(graph, { arch, threads });
        await session.start();
        return session.runSync(inputs).y.data;
      }));
      for (const data of outputs) assertEquals(data, outputs[0], `${arch}, ${JSON.stringify(test)}`);
    }
  }
  assertEquals(kernels.size, 10, [...kernels].join());
});
