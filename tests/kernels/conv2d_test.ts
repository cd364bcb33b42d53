/** Convolutions of every strategy against the reference, at the edges of every tile. */
import { assert, assertEquals } from "@std/assert";
import { Session } from "../../mod.ts";
import { GraphError } from "../../src/errors.ts";
import type { Padding, Pair } from "../../src/geometry.ts";
import type { Graph } from "../../src/graph/graph.ts";
import { compile } from "../../src/compiler/program.ts";
import type { Arch, Limits } from "../../src/kernels/emitter.ts";
import { compareBuilds, graphOf, inputsFor } from "../support/compare.ts";
import { Random, seedOf } from "../support/random.ts";

interface Case {
  readonly input: readonly [n: number, h: number, w: number, c: number];
  readonly kernel: Pair;
  readonly outputs: number;
  readonly groups?: number;
  readonly strides?: Pair;
  readonly padding?: Padding;
  readonly dilations?: Pair;
  readonly residual?: boolean;
  readonly limits?: Limits;
}

function conv(random: Random, test: Case): Graph {
  const { input, kernel, outputs, groups = 1, strides = [1, 1], padding = [0, 0, 0, 0], dilations = [1, 1] } =
    test;
  const weight = [...kernel, input[3] / groups, outputs];
  return graphOf([input], (builder, [x]) => {
    builder.constant("w", weight, random.tensor(weight).data);
    builder.constant("b", [outputs], random.tensor([outputs]).data);
    const attrs = { strides, padding, dilations, groups, limits: test.limits ?? { lo: -40, hi: 90 } };
    if (!test.residual) return builder.node("conv2d", "y", attrs, [x, "w", "b"]);
    builder.constant("r", [1, 1, input[3], outputs], random.tensor([1, 1, input[3], outputs]).data);
    const plain = { strides, padding: [0, 0, 0, 0] as Padding, dilations: [1, 1] as Pair, groups: 1 };
    // A sum joins the later of its convolutions.
    const branch = builder.node("conv2d", "branch", plain, [x, "r"]);
    const tested = builder.node("conv2d", "conv", { ...attrs, limits: undefined }, [x, "w", "b"]);
    return builder.node("add", "y", {}, [tested, branch]);
  });
}

/** Runs cases until done; gives the kernels met. */
async function runAll(
  name: string,
  seed: number,
  cases: (random: Random) => Iterable<Case>,
): Promise<Set<string>> {
  const random = new Random(seedOf(seed));
  const kernels = new Set<string>();
  for (const test of cases(random)) {
    let graph: Graph;
    try {
      graph = conv(random, test);
    } catch (error) {
      if (error instanceof GraphError && error.message.includes("gives output")) continue;
      throw error;
    }
    const label = `${name}, seed ${seedOf(seed)}, ${JSON.stringify(test)}`;
    for (const kernel of await compareBuilds(graph, random, 2e-5, label)) kernels.add(kernel);
  }
  return kernels;
}

const CHANNELS = [1, 3, 4, 5, 7, 8, 9, 13, 16, 17, 33];

Deno.test("pointwise convolutions equal the reference at every edge of the register tiles", async () => {
  const kernels = await runAll("pointwise", 1, function* () {
    for (const c of CHANNELS) {
      for (const outputs of [1, 4, 7, 8, 9, 16, 17, 24, 25]) {
        for (const w of [1, 5, 6, 7, 8, 11, 13, 16]) yield { input: [1, 1, w, c], kernel: [1, 1], outputs };
      }
    }
    yield { input: [2, 3, 5, 8], kernel: [1, 1], outputs: 12, residual: true };
  });
  assert(kernels.has("gemm_5x8") && kernels.has("gemm_4x16"));
});

Deno.test("pointwise convolutions whose weights are streamed equal the reference: panels together, K cut", async () => {
  const kernels = await runAll("streamed", 21, function* () {
    for (const c of [127, 128, 129, 511, 512, 513, 1029, 1540]) {
      for (const h of [1, 2, 3]) {
        for (const w of [2, 3, 7, 8]) {
          yield { input: [1, h, w, c], kernel: [1, 1], outputs: (h + w) % 2 ? 8 : 21, residual: w > 3 };
        }
      }
    }
    // More panels than go together.
    yield { input: [2, 3, 5, 512], kernel: [1, 1], outputs: 277, residual: true };
    yield { input: [1, 17, 16, 136], kernel: [1, 1], outputs: 24 };
    yield { input: [1, 17, 15, 128], kernel: [1, 1], outputs: 24 };
  });
  assert(kernels.has("gemm_5x8") && kernels.has("gemm_4x16"));
});

Deno.test("sums of many channels are cut on x86-64 alone, whatever the number of threads, and not for a vector", () => {
  const graph = (w: number, c: number) =>
    conv(new Random(22), { input: [1, 1, w, c], kernel: [1, 1], outputs: 9 });
  const commandsOf = (w: number, c: number, arch: Arch, threads: number) => {
    const [{ begin, end }] = compile(graph(w, c), { arch, threads }).steps;
    return end - begin;
  };
  const whole = commandsOf(6, 512, "x86-64", 1);
  for (const threads of [1, 2, 4]) {
    assertEquals(commandsOf(6, 513, "x86-64", threads), 2 * whole);
    assertEquals(commandsOf(6, 1540, "x86-64", threads), 4 * whole);
    assertEquals(commandsOf(5, 1540, "x86-64", threads), whole);
    assertEquals(commandsOf(6, 1540, "aarch64", threads), whole);
  }
});

Deno.test("general convolutions equal the reference: kernels, strides, dilations, padding, batches", async () => {
  const kernels = await runAll("general", 2, function* (random) {
    for (let i = 0; i < 220; i++) {
      const side = random.pick([1, 2, 3, 3, 5, 7]);
      const stride = random.pick([1, 2, 2, 3]);
      yield {
        input: [random.pick([1, 1, 2]), random.integer(1, 15), random.integer(1, 15), random.pick(CHANNELS)],
        kernel: [side, random.pick([side, side, 1, 4])],
        outputs: random.pick([1, 5, 8, 12, 19]),
        strides: [stride, random.pick([stride, stride, 1])],
        padding: [random.integer(0, 3), random.integer(0, 3), random.integer(0, 3), random.integer(0, 3)],
        dilations: random.pick([[1, 1], [1, 1], [2, 2], [1, 3], [2, 1]]),
      };
    }
    yield {
      input: [1, 9, 7, 6],
      kernel: [3, 3],
      outputs: 10,
      strides: [2, 2],
      padding: [1, 1, 1, 1],
      residual: true,
    };
  });
  for (const kernel of ["im2col_gemm_5x8", "im2col_gemm_4x16", "implicit_gemm_5x8", "implicit_gemm_4x16"]) {
    assert(kernels.has(kernel), kernel);
  }
});

Deno.test("Winograd equals the reference at every edge of its tiles", async () => {
  const kernels = await runAll("winograd", 3, function* () {
    for (const [h, w] of [[8, 8], [9, 8], [7, 11], [13, 5], [16, 17], [10, 10]]) {
      for (const [c, outputs] of [[32, 32], [33, 35], [64, 24], [40, 17]]) {
        for (const padding of [[1, 1, 1, 1], [0, 0, 0, 0], [0, 1, 2, 1]] as const) {
          yield { input: [1, h, w, c], kernel: [3, 3], outputs, padding };
        }
      }
    }
    yield { input: [2, 9, 9, 32], kernel: [3, 3], outputs: 32, padding: [1, 1, 1, 1], residual: true };
    for (const [h, w, residual] of [[7, 7, true], [8, 7, false], [7, 6, true]] as const) {
      yield { input: [1, h, w, 131], kernel: [3, 3], outputs: 190, padding: [1, 1, 1, 1], residual };
    }
    yield { input: [1, 9, 8, 130], kernel: [3, 3], outputs: 128, padding: [0, 0, 0, 0] };
  });
  assert(kernels.has("winograd_4x4_3x3") && kernels.has("winograd_2x2_3x3"));
});

Deno.test("depthwise convolutions equal the reference: every width, stride, dilation and padding", async () => {
  const kernels = await runAll("depthwise", 4, function* (random) {
    for (const side of [3, 5]) {
      for (const stride of [1, 2]) {
        for (let w = 1; w <= 12; w++) {
          const [h, c] = [random.integer(1, 9), random.pick([2, 3, 4, 7, 8, 13])];
          const padding = random.pick(
            [[0, 0, 0, 0], [1, 1, 1, 1], [2, 2, 2, 2], [0, 0, 1, 1], [1, 0, 1, 2]] as const,
          );
          yield {
            input: [1, h, w, c],
            kernel: [side, side],
            outputs: c,
            groups: c,
            strides: [stride, stride],
            padding,
          };
        }
      }
    }
    for (let i = 0; i < 60; i++) {
      const c = random.integer(2, 18);
      yield {
        input: [random.pick([1, 2]), random.integer(1, 12), random.integer(1, 12), c],
        kernel: [random.integer(1, 5), random.integer(1, 5)],
        outputs: c,
        groups: c,
        strides: [random.integer(1, 3), random.integer(1, 3)],
        padding: [random.integer(0, 3), random.integer(0, 3), random.integer(0, 3), random.integer(0, 3)],
        dilations: random.pick([[1, 1], [2, 2], [1, 2]]),
      };
    }
  });
  for (const kernel of ["depthwise_3x3_4px", "depthwise_5x5_4px", "depthwise_3x3_1px"]) {
    assert(kernels.has(kernel), kernel);
  }
});

Deno.test("depthwise 3x3 by rows equals the reference: every height, width, edge and limit", async () => {
  const kernels = await runAll("depthwise rows", 7, function* (random) {
    for (const padding of [[1, 1, 1, 1], [0, 0, 0, 0], [0, 1, 1, 0], [2, 0, 0, 1], [1, 2, 1, 1]] as const) {
      for (let h = 1; h <= 11; h++) {
        const w = random.pick([1, 2, 3, 4, 5, 7, 8, 9, 13, 14]), c = random.pick([4, 8, 12]);
        const limits = random.pick([{}, { lo: 0 }, { lo: 0, hi: 6 }, { hi: 6 }]);
        yield {
          input: [random.pick([1, 2]), h, w, c],
          kernel: [3, 3],
          outputs: c,
          groups: c,
          padding,
          limits,
        };
      }
    }
  });
  assert(kernels.has("depthwise_3x3_2rows") && kernels.has("depthwise_3x3_3rows"));
});

Deno.test("depthwise 5x5 by rows equals the reference: every height, width, stride, edge and limit", async () => {
  const kernels = await runAll("depthwise 5x5 rows", 10, function* (random) {
    for (const padding of [[2, 2, 2, 2], [0, 0, 0, 0], [0, 1, 2, 0], [3, 0, 1, 1], [1, 3, 2, 2]] as const) {
      for (let h = 1; h <= 13; h++) {
        for (const stride of [1, 2]) {
          const w = random.pick([1, 2, 3, 4, 5, 6, 7, 8, 13, 14]), c = random.pick([4, 8, 12]);
          yield {
            input: [random.pick([1, 2]), h, w, c],
            kernel: [5, 5],
            outputs: c,
            groups: c,
            strides: [stride, stride],
            padding,
            limits: random.pick([{}, { lo: 0 }, { lo: 0, hi: 6 }, { hi: 6 }]),
          };
        }
      }
    }
  });
  assert(kernels.has("depthwise_5x5_2rows"));
});

Deno.test("depthwise 3x3 of stride 2 by rows equals the reference: every height, width, edge and part of a row", async () => {
  const kernels = await runAll("depthwise rows, stride 2", 9, function* (random) {
    for (const padding of [[1, 1, 1, 1], [0, 0, 0, 0], [0, 0, 1, 1], [1, 1, 0, 0], [2, 1, 0, 2]] as const) {
      for (let h = 1; h <= 17; h++) {
        // A row of many channels is computed in parts.
        const [w, c] = random.pick([[1, 4], [2, 8], [3, 12], [4, 4], [9, 8], [10, 8], [19, 128], [38, 64]]);
        const limits = random.pick([{}, { lo: 0 }, { lo: 0, hi: 6 }, { hi: 6 }]);
        yield {
          input: [random.pick([1, 2]), h, w, c],
          kernel: [3, 3],
          outputs: c,
          groups: c,
          strides: [2, 2],
          padding,
          limits,
        };
      }
    }
  });
  assert(kernels.has("depthwise_3x3_2rows") && kernels.has("depthwise_3x3_3rows"));
});

Deno.test("depthwise by rows gives the same bits whatever its tiles", async () => {
  const random = new Random(seedOf(8));
  for (
    const [arch, side, stride] of [
      ["aarch64", 3, 1],
      ["aarch64", 5, 1],
      ["aarch64", 5, 2],
      ["aarch64", 3, 2],
      ["x86-64", 3, 1],
      ["x86-64", 3, 2],
    ] as const
  ) {
    const graph = conv(random, {
      input: [1, 50 * stride, 40 * stride, 256],
      kernel: [side, side],
      outputs: 256,
      groups: 256,
      strides: [stride, stride],
      padding: [1, 1, 1, 1],
      limits: { lo: 0 },
    });
    const inputs = inputsFor(graph, random);
    const [one, two] = await Promise.all([1, 2].map(async (threads) => {
      using session = await Session.create(graph, { arch, threads });
      return session.runSync(inputs).y.data;
    }));
    assertEquals(two, one);
  }
});

Deno.test("grouped convolutions equal the reference, in vectors and where groups do not fill them", async () => {
  const kernels = await runAll("grouped", 5, function* (random) {
    for (let i = 0; i < 120; i++) {
      const groups = random.integer(2, 5);
      const side = random.pick([1, 3, 3, 5]);
      yield {
        input: [
          random.pick([1, 1, 2]),
          random.integer(1, 13),
          random.integer(1, 14),
          groups * random.pick([4, 4, 8, 12, 3, 1]),
        ],
        kernel: [side, random.pick([side, side, 2])],
        outputs: groups * random.pick([4, 4, 8, 12, 16, 20, 5]),
        groups,
        strides: random.pick([[1, 1], [2, 2], [2, 1]]),
        padding: [random.integer(0, 2), random.integer(0, 2), random.integer(0, 2), random.integer(0, 2)],
        dilations: random.pick([[1, 1], [1, 1], [2, 1], [2, 2]]),
      };
    }
  });
  for (const kernel of ["implicit_gemm_8x4", "implicit_gemm_5x8", "implicit_gemm_4x16"]) {
    assert(kernels.has(kernel), kernel);
  }
});

Deno.test("grouped convolutions add a residual, in rows apart and joined, and by im2col", async () => {
  const kernels = await runAll("grouped with residual", 31, function* (random) {
    for (let i = 0; i < 40; i++) {
      const groups = random.integer(2, 4);
      yield {
        input: [
          random.pick([1, 2]),
          random.integer(1, 9),
          random.integer(1, 12),
          groups * random.pick([3, 4, 5, 8, 16]),
        ],
        kernel: [3, 3],
        outputs: groups * random.pick([1, 3, 4, 8, 17]),
        groups,
        padding: [1, 1, 1, 1],
        residual: true,
      };
    }
  });
  for (const kernel of ["implicit_gemm_8x4", "implicit_gemm_5x8", "implicit_gemm_4x16"]) {
    assert(kernels.has(kernel), kernel);
  }
  assert(!kernels.has("add"), "the sums join");
});

Deno.test("pointwise convolutions in groups equal the reference: a product for each, by halves too", async () => {
  const kernels = await runAll("grouped pointwise", 29, function* (random) {
    for (let i = 0; i < 30; i++) {
      const groups = random.integer(2, 4);
      yield {
        input: [
          random.pick([1, 2]),
          random.integer(1, 9),
          random.integer(1, 14),
          groups * random.pick([1, 3, 5, 8, 16, 48]),
        ],
        kernel: [1, 1],
        outputs: groups * random.pick([1, 3, 4, 8, 17, 32]),
        groups,
        residual: random.pick([true, false]),
      };
    }
    yield { input: [1, 28, 29, 512], kernel: [1, 1], outputs: 512, groups: 2 };
  });
  for (const kernel of ["gemm_5x8", "gemm_4x16", "strassen_5x8", "strassen_4x16"]) {
    assert(kernels.has(kernel), `${kernel} of ${[...kernels]}`);
  }
});

Deno.test("grouped convolutions with short rows equal the reference: joined rows, lines shared or not, several tiles", async () => {
  const kernels = await runAll("short rows", 23, function* (random) {
    for (let width = 1; width <= 8; width++) {
      for (let i = 0; i < 16; i++) {
        const groups = random.integer(2, 3);
        const kernel: Pair = [random.pick([1, 3, 3, 5]), random.pick([1, 2, 3, 3, 5])];
        const strides = random.pick<Pair>([[1, 1], [1, 1], [2, 2], [1, 2], [2, 1], [3, 3]]);
        const left = random.integer(0, 3), right = random.integer(0, 3);
        // One column more may be left over by the stride.
        const spare = random.integer(0, strides[1] - 1);
        yield {
          input: [
            random.integer(1, 2),
            random.integer(1, 13),
            Math.max(1, (width - 1) * strides[1] + kernel[1] - left - right + spare),
            groups * random.pick([4, 8, 12, 32]),
          ],
          kernel,
          outputs: groups * random.pick([1, 4, 5, 8, 16, 20, 33]),
          groups,
          strides,
          padding: [random.integer(0, 3), random.integer(0, 3), left, right],
          dilations: random.pick([[1, 1], [1, 1], [2, 1]]),
        };
      }
    }
    for (const stride of [1, 2]) {
      // Rows of several tiles, the last one shorter.
      yield {
        input: [1, 13 * stride, 7 * stride, 384],
        kernel: [3, 3],
        outputs: 48,
        groups: 2,
        strides: [stride, stride],
        padding: [1, 1, 1, 1],
      };
    }
    yield {
      input: [2, 7, 7, 64],
      kernel: [3, 3],
      outputs: 64,
      groups: 2,
      padding: [1, 1, 1, 1],
      residual: true,
    };
  });
  for (const kernel of ["implicit_gemm_8x4", "implicit_gemm_5x8", "implicit_gemm_4x16"]) {
    assert(kernels.has(kernel), kernel);
  }
});

Deno.test("joined rows give the same bits for any number of threads, whether these share groups or rows", async () => {
  const random = new Random(seedOf(24));
  for (const arch of ["x86-64", "aarch64"] as const) {
    for (const outputs of [16, 64, 80]) {
      for (const stride of [1, 2]) {
        const graph = conv(random, {
          input: [1, 7 * stride, 7 * stride, 128],
          kernel: [3, 3],
          outputs,
          groups: 4,
          strides: [stride, stride],
          padding: [1, 1, 1, 1],
        });
        const inputs = inputsFor(graph, random);
        const [one, ...others] = await Promise.all([1, 2, 3].map(async (threads) => {
          using session = await Session.create(graph, { arch, threads });
          return session.runSync(inputs).y.data;
        }));
        for (const other of others) assertEquals(other, one);
      }
    }
  }
});
