/** Photos as bytes against the references, and bit by bit against floats that were made of them before. */
import { assertEquals, assertThrows } from "@std/assert";
import { Session } from "../../mod.ts";
import { compile } from "../../src/compiler/program.ts";
import { GraphError } from "../../src/errors.ts";
import { type Graph, runReference } from "../../src/graph/graph.ts";
import type { Conv2dAttrs } from "../../src/ops/conv2d.ts";
import type { UnpackRgbaAttrs } from "../../src/ops/unpack_rgba.ts";
import type { RgbaTensor, Tensor } from "../../src/tensor.ts";
import { BUILDS, errorOf, graphOf } from "../support/compare.ts";
import { type FirstConv, firstConvOf, type Plane, sizeOf } from "../support/first_conv.ts";
import { Random, seedOf } from "../support/random.ts";

const unpack: UnpackRgbaAttrs = { scale: [0.017, 1 / 58.4, 2], offset: [-2.1, 3, 0.3] };

/** Random pixels, as a session and as a reference takes them; words of ones are NaNs as floats. */
function photoOf([n, h, w]: Plane, random: Random): { bytes: RgbaTensor; words: Tensor } {
  const data = new Uint8Array(n * h * w * 4).map(() => random.pick([255, 255, random.integer(0, 255)]));
  return {
    bytes: { shape: [n, h, w, 4], data },
    words: { shape: [n, h, w, 1], data: new Float32Array(data.buffer) },
  };
}

interface Case extends FirstConv {
  readonly channels?: "rgb" | "bgr";
  /** Lets the floats leave, too, so that they stay apart from the convolution. */
  readonly apart?: boolean;
  /** Takes floats. */
  readonly floats?: boolean;
}

function network(test: Case, random: Random): Graph {
  const { plane, outputs, attrs, kernel: [kh, kw] } = test;
  return graphOf([[...plane, test.floats ? 3 : 1]], (b, [bytes]) => {
    const x = test.floats
      ? bytes
      : b.node("unpack_rgba", "x", { ...unpack, channels: test.channels }, [bytes]);
    const constant = (name: string, ...shape: number[]) => b.constant(name, shape, random.tensor(shape).data);
    const weight = constant("w", kh, kw, 3, outputs);
    const bias = test.bias || test.residual ? [constant("b", outputs)] : [];
    const others = test.residual ? [b.input("r", sizeOf(test))] : [];
    const y = b.node("conv2d", "y", attrs, [x, weight, ...bias, ...others]);
    return test.apart ? [y, x] : y;
  });
}

Deno.test("first convolutions over bytes equal the reference, and over floats bit for bit, at every edge", async () => {
  const seed = seedOf(81), random = new Random(seed), ops = new Set<string>();
  for (let i = 0; i < 160; i++) {
    const test: Case = { ...firstConvOf(random), channels: random.pick([undefined, "rgb", "bgr"]) };
    const label = `seed ${seed}, round ${i}, ${JSON.stringify(test)}`;
    const graphs = [{}, { apart: true }, { floats: true }].map((more) =>
      network({ ...test, ...more }, new Random(seed + i))
    );
    const { bytes, words } = photoOf(test.plane, random);
    const others: Record<string, Tensor> = test.residual ? { r: random.tensor(sizeOf(test)) } : {};
    const reference = runReference(graphs[1], { x0: words, ...others });
    for (const build of BUILDS) {
      const where = `${label}, ${JSON.stringify(build)}`;
      const [fused, apart, floats] = await Promise.all(graphs.map((graph) => Session.create(graph, build)));
      const { y, x } = apart.runSync({ x0: bytes, ...others });
      assertEquals(x, reference.x, where);
      const found = fused.runSync({ x0: bytes, ...others }).y;
      assertEquals(found, y, where);
      assertEquals(found, floats.runSync({ x0: reference.x, ...others }).y, where);
      const error = errorOf(found.data, reference.y.data);
      assertEquals(error <= 2e-5, true, `${where}: off by ${error}`);
      for (const session of [fused, apart, floats]) session.dispose();
      for (const { kernel } of compile(graphs[0], { arch: build.arch, threads: 1 }).steps) ops.add(kernel);
    }
  }
  const unpacked = ["4x16", "5x8", "8x4"].flatMap((tile) =>
    ["", "+leaky_relu", "+silu"].map((activation) => `unpacked_implicit_gemm_${tile}${activation}`)
  );
  assertEquals(new Set(unpacked).difference(ops), new Set(), `seed ${seed}`);
});

Deno.test("bytes give the same bits on 1 to 4 threads, joined to the convolution or apart", async () => {
  const attrs = { strides: [2, 2], padding: [1, 1, 1, 1], dilations: [1, 1], groups: 1 } as const;
  const test: Case = { plane: [2, 61, 75], outputs: 20, kernel: [3, 3], attrs, channels: "bgr" };
  const seed = seedOf(82), { bytes } = photoOf(test.plane, new Random(seed));
  for (const arch of ["x86-64", "aarch64"] as const) {
    for (const apart of [false, true]) {
      const graph = network({ ...test, apart }, new Random(seed));
      assertEquals(
        compile(graph, { arch, threads: 1 }).steps.map(({ op }) => op),
        apart ? ["unpack_rgba", "conv2d"] : ["unpacked_conv2d"],
      );
      using one = await Session.create(graph, { arch });
      const wanted = one.runSync({ x0: bytes });
      for (const threads of [2, 3, 4]) {
        using session = await Session.create(graph, { arch, threads });
        await session.start();
        for (let run = 0; run < 2; run++) {
          assertEquals(session.runSync({ x0: bytes }), wanted, `seed ${seed}, ${arch}, ${threads} threads`);
        }
      }
    }
  }
});

Deno.test("pixels are unpacked into a part of a wider map", async () => {
  const random = new Random(seedOf(83)), plane = [1, 5, 7] as const;
  const graph = graphOf([[...plane, 1], [...plane, 2]], (b, [bytes, other]) => {
    const x = b.node("unpack_rgba", "x", unpack, [bytes]);
    return b.node("concat", "y", { axis: 3 }, [x, other]);
  });
  const { bytes, words } = photoOf(plane, random), x1 = random.tensor([...plane, 2]);
  for (const build of BUILDS) {
    using session = await Session.create(graph, build);
    assertEquals(session.runSync({ x0: bytes, x1 }), runReference(graph, { x0: words, x1 }));
  }
});

Deno.test("unpack_rgba wants pixels, three scales and offsets, and bytes from outside that nothing else reads", () => {
  const build = (attrs: unknown, channels = 1) =>
    graphOf([[1, 2, 2, channels]], (b, [x]) => b.node("unpack_rgba", "y", attrs as UnpackRgbaAttrs, [x]));
  build(unpack);
  assertThrows(() => build(unpack, 4), GraphError, "input is 1x2x2x4, wanted [n, h, w, 1]");
  assertThrows(
    () => build({ ...unpack, scale: [1, 2] }),
    GraphError,
    "scale is [1,2], wanted 3 finite numbers",
  );
  assertThrows(() => build({ ...unpack, offset: [0, 0, Infinity] }), GraphError, "offset is");
  assertThrows(() => build({ scale: [1, 1, 1] }), GraphError, "offset is undefined");
  assertThrows(() => build({ ...unpack, channels: "grb" }), GraphError, 'channels is "grb"');
  assertThrows(
    () =>
      graphOf([[1, 2, 2, 1]], (b, [x]) => [
        b.node("unpack_rgba", "y", unpack, [x]),
        b.node("sigmoid", "z", {}, [x]),
      ]),
    GraphError,
    'Cannot run sigmoid "z": input "x0" holds RGBA bytes, wanted floats',
  );
  assertThrows(
    () =>
      graphOf(
        [[1, 2, 2, 1]],
        (b, [x]) => b.node("unpack_rgba", "y", unpack, [b.node("sigmoid", "z", {}, [x])]),
      ),
    GraphError,
    '"z" is no graph input',
  );
});

Deno.test("unpacked_conv2d refuses groups, and dilation along x", () => {
  const plain = { strides: [1, 1], padding: [0, 0, 0, 0], dilations: [1, 1], groups: 1 } as const;
  const build = (attrs: Conv2dAttrs) =>
    graphOf([[1, 9, 9, 1]], (b, [x]) => {
      const channels = 3 / attrs.groups;
      b.constant("w", [3, 3, channels, 6], new Float32Array(54 * channels));
      return b.node("unpacked_conv2d", "y", { ...attrs, unpack }, [x, "w"]);
    });
  build(plain);
  assertThrows(() => build({ ...plain, groups: 3 }), GraphError, "wanted one group");
  assertThrows(() => build({ ...plain, dilations: [1, 2] }), GraphError, "no dilation along x");
});
