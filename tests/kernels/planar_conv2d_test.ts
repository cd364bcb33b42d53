/** Convolutions over planes against the reference, and bit by bit against those over pixels. */
import { assertEquals, assertThrows } from "@std/assert";
import { Session } from "../../mod.ts";
import { compile } from "../../src/compiler/program.ts";
import { GraphError } from "../../src/errors.ts";
import { type Graph, runReference } from "../../src/graph/graph.ts";
import type { Conv2dAttrs } from "../../src/ops/conv2d.ts";
import { TO_NHWC } from "../../src/ops/planar_conv2d.ts";
import type { Tensor } from "../../src/tensor.ts";
import { BUILDS, errorOf, graphOf } from "../support/compare.ts";
import { type FirstConv, firstConvOf, sizeOf } from "../support/first_conv.ts";
import { Random, seedOf } from "../support/random.ts";

/** The convolution over planes, or over pixels that a transposition makes of them and lets leave; in `wider` the planes are part of a wider map. */
function network(test: FirstConv, random: Random, { transposed = false, wider = false } = {}): Graph {
  const { plane: [n, h, w], outputs, attrs, kernel: [kh, kw] } = test;
  return graphOf([[n, 3, h, w], [n, 3, h, 5]], (b, [planes, other]) => {
    const constant = (name: string, ...shape: number[]) => b.constant(name, shape, random.tensor(shape).data);
    const weight = constant("w", kh, kw, 3, outputs);
    const bias = test.bias || test.residual ? [constant("b", outputs)] : [];
    const others = [weight, ...bias, ...test.residual ? [b.input("r", sizeOf(test))] : []];
    if (transposed) {
      const pixels = b.node("transpose", "pixels", TO_NHWC, [planes]);
      return [b.node("conv2d", "y", attrs, [pixels, ...others]), pixels];
    }
    const y = b.node("planar_conv2d", "y", attrs, [planes, ...others]);
    return wider ? [y, b.node("concat", "wide", { axis: 3 }, [other, planes])] : y;
  });
}

Deno.test("convolutions over planes equal the reference, and those over pixels bit for bit, at every edge", async () => {
  const seed = seedOf(84), random = new Random(seed), kernels = new Set<string>();
  for (let i = 0; i < 120; i++) {
    const test = firstConvOf(random), [n, h, w] = test.plane;
    const [planar, wider, transposed] = [{}, { wider: true }, { transposed: true }].map((more) =>
      network(test, new Random(seed + i), more)
    );
    const inputs: Record<string, Tensor> = {
      x0: random.tensor([n, 3, h, w]),
      x1: random.tensor([n, 3, h, 5]),
      ...test.residual && { r: random.tensor(sizeOf(test)) },
    };
    const { y: reference } = runReference(planar, inputs);
    for (const build of BUILDS) {
      const label = `seed ${seed}, round ${i}, ${JSON.stringify([test, build])}`;
      const [found, inWider, overPixels] = await Promise.all(
        [planar, wider, transposed].map(async (graph) => {
          using session = await Session.create(graph, build);
          return session.runSync(inputs).y;
        }),
      );
      const error = errorOf(found.data, reference.data);
      assertEquals(error <= 2e-5, true, `${label}: off by ${error}`);
      assertEquals(inWider, found, label);
      const [{ kernel }] = compile(planar, { arch: build.arch, threads: 1 }).steps;
      kernels.add(kernel);
      const ways = compile(transposed, { arch: build.arch, threads: 1 }).steps.map(({ kernel }) => kernel);
      // By im2col sums are made in another order.
      if (ways.includes(kernel.replace("planar_", ""))) assertEquals(overPixels, found, label);
    }
  }
  const wanted = ["4x16", "5x8", "8x4"].flatMap((tile) =>
    ["", "+leaky_relu", "+silu"].map((activation) => `planar_implicit_gemm_${tile}${activation}`)
  );
  assertEquals(new Set(wanted).difference(kernels), new Set(), `seed ${seed}`);
});

Deno.test("an input of planes gives the same bits on 1 to 4 threads, joined to the convolution or transposed", async () => {
  const attrs = { strides: [2, 2], padding: [1, 1, 1, 1], dilations: [1, 1], groups: 1 } as const;
  const seed = seedOf(85), x0 = new Random(seed).tensor([2, 3, 61, 75]);
  for (const arch of ["x86-64", "aarch64"] as const) {
    for (const side of [3, 1]) {
      const graph = {
        ...graphOf([[2, 61, 75, 3]], (b, [x]) => {
          b.constant("w", [side, side, 3, 20], new Random(seed).tensor([side, side, 3, 20]).data);
          return b.node("conv2d", "y", attrs, [x, "w"]);
        }),
        nchw: ["x0"],
      };
      assertEquals(
        compile(graph, { arch, threads: 1 }).steps.map(({ op }) => op),
        side === 3 ? ["planar_conv2d"] : ["transpose", "conv2d"],
      );
      using one = await Session.create(graph, { arch });
      const wanted = one.runSync({ x0 });
      for (const threads of [2, 3, 4]) {
        using session = await Session.create(graph, { arch, threads });
        await session.start();
        for (let run = 0; run < 2; run++) {
          assertEquals(session.runSync({ x0 }), wanted, `seed ${seed}, ${arch}, ${threads} threads`);
        }
      }
    }
  }
});

Deno.test("planar_conv2d refuses groups, dilation along x, and what is not three planes", () => {
  const plain = { strides: [1, 1], padding: [0, 0, 0, 0], dilations: [1, 1], groups: 1 } as const;
  const build = (attrs: Conv2dAttrs, planes = 3) =>
    graphOf([[1, planes, 9, 9]], (b, [x]) => {
      const channels = 3 / attrs.groups;
      b.constant("w", [3, 3, channels, 6], new Float32Array(54 * channels));
      return b.node("planar_conv2d", "y", attrs, [x, "w"]);
    });
  build(plain);
  assertThrows(() => build({ ...plain, groups: 3 }), GraphError, "wanted one group");
  assertThrows(() => build({ ...plain, dilations: [1, 2] }), GraphError, "no dilation along x");
  assertThrows(() => build(plain, 4), GraphError, "weight");
});
