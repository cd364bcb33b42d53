/** Pre-activated pointwise convolutions against the reference, and bit by bit against a normalisation and a convolution apart. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { Session } from "../../mod.ts";
import { GraphError } from "../../src/errors.ts";
import { type Graph, runReference } from "../../src/graph/graph.ts";
import type { Limits } from "../../src/kernels/emitter.ts";
import type { Activation } from "../../src/ops/activation.ts";
import { compile } from "../../src/compiler/program.ts";
import { compareBuilds, errorOf, graphOf, inputsFor } from "../support/compare.ts";
import { Random, seedOf } from "../support/random.ts";

interface Case {
  readonly input: readonly [n: number, h: number, w: number, c: number];
  readonly outputs: number;
  /** Channels before and behind those that are read. */
  readonly around?: readonly [number, number];
  readonly limits?: Limits;
  readonly activation?: Activation;
  readonly bias?: boolean;
  readonly residual?: boolean;
  /** Keeps the normalisation apart: it leaves the graph too. */
  readonly apart?: boolean;
}

const attrs = { strides: [1, 1], padding: [0, 0, 0, 0], dilations: [1, 1], groups: 1 } as const;

function preactivated(random: Random, test: Case): Graph {
  const [n, h, w, c] = test.input, [before, behind] = test.around ?? [0, 0];
  return graphOf([[n, h, w, before + c + behind], [n, h, w, test.outputs]], (b, [wide, other]) => {
    const constant = (name: string, ...shape: number[]) => b.constant(name, shape, random.tensor(shape).data);
    const x = before + behind > 0
      ? b.node("slice", "x", { starts: [0, 0, 0, before], sizes: [n, h, w, c] }, [wide])
      : wide;
    const statistics = ["gamma", "beta", "mean"].map((name) => constant(name, c));
    b.constant("variance", [c], random.tensor([c]).data.map((value) => 0.5 + Math.abs(value)));
    const norm = b.node("batch_norm", "norm", { epsilon: 1e-3, limits: test.limits }, [
      x,
      ...statistics,
      "variance",
    ]);
    const weight = constant("w", 1, 1, c, test.outputs);
    const bias = test.bias || test.residual ? [constant("b", test.outputs)] : [];
    const inputs = [norm, weight, ...bias, ...(test.residual ? [other] : [])];
    const { activation } = test;
    const y = b.node(
      "conv2d",
      "y",
      { ...attrs, limits: activation ? undefined : { lo: -60, hi: 90 }, activation },
      inputs,
    );
    return test.apart ? [y, norm] : y;
  });
}

Deno.test("pre-activated pointwise convolutions equal the reference, at every edge", async () => {
  const random = new Random(seedOf(71));
  const kernels = new Set<string>();
  for (let i = 0; i < 100; i++) {
    const test: Case = {
      input: [
        random.pick([1, 1, 2]),
        random.integer(1, 9),
        random.integer(1, 9),
        random.pick([1, 2, 3, 4, 5, 7, 8, 15, 17, 64, 255, 516]),
      ],
      outputs: random.pick([1, 3, 4, 7, 8, 9, 16, 17, 24, 33, 40]),
      around: random.pick([[0, 0], [0, 0], [3, 0], [0, 5], [4, 9]]),
      limits: random.pick([{ lo: 0 }, { lo: 0 }, { lo: 0, hi: 6 }, { hi: 1 }, undefined]),
      activation: random.pick([
        undefined,
        undefined,
        undefined,
        { op: "leaky_relu", attrs: { alpha: 0.1 } },
        { op: "silu", attrs: {} },
      ]),
      bias: random.pick([true, false]),
      residual: random.pick([true, false]),
    };
    const label = `seed ${seedOf(71)}, round ${i}, ${JSON.stringify(test)}`;
    for (const kernel of await compareBuilds(preactivated(random, test), random, 2e-5, label)) {
      kernels.add(kernel);
    }
  }
  assertEquals(
    kernels,
    new Set(
      ["5x8", "4x16"].flatMap((tile) =>
        ["", "+leaky_relu", "+silu"].map((activation) => `preactivated_gemm_${tile}${activation}`)
      ),
    ),
  );
});

Deno.test("pre-activation gives the bits of normalisation and convolution apart, on 1 to 4 threads, cut along rows and columns", async () => {
  for (const arch of ["x86-64", "aarch64"] as const) {
    for (
      const [input, outputs] of [
        [[1, 23, 23, 66], 40],
        [[1, 14, 14, 516], 300],
        [[1, 7, 7, 644], 130],
        [[2, 1, 3, 388], 1000],
      ] as const
    ) {
      const test: Case = { input, outputs, limits: { lo: 0 }, residual: true };
      const graph = preactivated(new Random(seedOf(72)), test);
      const inputs = inputsFor(graph, new Random(seedOf(73)));
      using apart = await Session.create(preactivated(new Random(seedOf(72)), { ...test, apart: true }), {
        arch,
      });
      const wanted = apart.runSync(inputs).y.data;
      for (const threads of [1, 2, 3, 4]) {
        assertEquals(compile(graph, { arch, threads }).steps.map(({ op }) => op), ["preactivated_pointwise"]);
        using session = await Session.create(graph, { arch, threads });
        await session.start();
        for (let run = 0; run < 2; run++) {
          const label = `seed ${seedOf(72)}, ${JSON.stringify(test)}, ${arch}, ${threads} threads`;
          assertEquals(session.runSync(inputs).y.data, wanted, label);
        }
      }
    }
  }
});

Deno.test("pre-activation by halves gives the same bits on 1 to 4 threads, the values of both apart", async () => {
  for (const arch of ["x86-64", "aarch64"] as const) {
    for (
      const [input, outputs] of [
        [[1, 15, 17, 256], 248],
      ] as const
    ) {
      const test: Case = { input, outputs, limits: { lo: 0 }, residual: arch === "x86-64", around: [4, 9] };
      const graph = preactivated(new Random(seedOf(74)), test);
      const inputs = inputsFor(graph, new Random(seedOf(75)));
      let bits = runReference(graph, inputs).y.data, wanted = 2e-5;
      for (const threads of [1, 2, 3, 4]) {
        const [step] = compile(graph, { arch, threads }).steps;
        assert(step.kernel.startsWith("preactivated_strassen"), step.kernel);
        using session = await Session.create(graph, { arch, threads });
        await session.start();
        for (let run = 0; run < 2; run++) {
          const { y } = session.runSync(inputs);
          const error = errorOf(y.data, bits);
          assert(
            error <= wanted,
            `seed ${seedOf(74)}, ${input} to ${outputs}, ${arch}, ${threads}: ${error}`,
          );
          [bits, wanted] = [y.data.slice(), 0];
        }
      }
    }
  }
});

Deno.test("preactivated_pointwise refuses other convolutions", () => {
  const build = (side: number, stride: number, epsilon: number) =>
    graphOf([[1, 4, 4, 2]], (b, [x]) => {
      const ones = ["gamma", "beta", "mean", "variance"].map((name) =>
        b.constant(name, [2], new Float32Array([1, 1]))
      );
      b.constant("w", [side, side, 2, 3], new Float32Array(side * side * 6));
      return b.node("preactivated_pointwise", "y", {
        ...attrs,
        strides: [stride, stride],
        normEpsilon: epsilon,
      }, [x, ...ones, "w"]);
    });
  build(1, 1, 1e-3);
  assertThrows(() => build(2, 1, 1e-3), GraphError, "wanted a pointwise convolution");
  assertThrows(() => build(1, 2, 1e-3), GraphError, "wanted a pointwise convolution");
  assertThrows(() => build(1, 1, 2), GraphError, "epsilon");
});
