/** The fused beginning of inverted residuals against the reference: strips, seams, borders. */
import { assert, assertEquals } from "@std/assert";
import { Session } from "../../mod.ts";
import { fuseExpand } from "../../src/compiler/passes/fuse_expand.ts";
import type { Graph } from "../../src/graph/graph.ts";
import type { Limits } from "../../src/kernels/emitter.ts";
import { compareBuilds, graphOf, inputsFor } from "../support/compare.ts";
import { Random, seedOf } from "../support/random.ts";

/** One fused node. */
function fused(
  random: Random,
  input: readonly [number, number, number, number],
  channels: number,
  side: number,
  strides: readonly [number, number],
  padding: readonly [number, number, number, number],
  limits: Limits,
): Graph {
  return graphOf([input], (b, [x]) => {
    const constant = (name: string, ...shape: number[]) => b.constant(name, shape, random.tensor(shape).data);
    return b.node("expand_depthwise", "y", {
      strides,
      padding,
      dilations: [1, 1],
      groups: channels,
      expandLimits: { lo: 0, hi: 6 },
      limits,
    }, [
      x,
      constant("w", 1, 1, input[3], channels),
      constant("wb", channels),
      constant("f", side, side, 1, channels),
      constant("fb", channels),
    ]);
  });
}

Deno.test("expansion and depthwise filter in strips equal the reference", async () => {
  const random = new Random(seedOf(61));
  for (let i = 0; i < 60; i++) {
    const [n, h, w] = [random.pick([1, 1, 2]), random.integer(1, 40), random.pick([1, 4, 7, 12, 23, 150])];
    const [k, c] = [random.pick([1, 3, 8, 13]), random.pick([4, 24, 33, 96])];
    const side = random.pick([3, 3, 5]);
    const strides = random.pick([[2, 2], [2, 2], [1, 1], [3, 1]] as const);
    const padding = random.pick([[1, 1, 1, 1], [0, 0, 1, 1], [2, 2, 2, 2]] as const);
    const limits = random.pick([{ lo: -30, hi: 30 }, { lo: 0, hi: 60 }]);
    if (h + padding[0] + padding[2] < side || w + padding[1] + padding[3] < side) continue;
    const graph = fused(random, [n, h, w, k], c, side, strides, padding, limits);
    await compareBuilds(
      graph,
      random,
      2e-5,
      `seed ${seedOf(61)}, round ${i}, ${JSON.stringify({ n, h, w, k, c, side, strides, padding, limits })}`,
    );
  }
});

Deno.test("expansion and depthwise filter give the same bits whatever their tiles", async () => {
  const random = new Random(seedOf(62));
  for (const arch of ["x86-64", "aarch64"] as const) {
    for (const [side, stride] of [[3, 1], [3, 2], [5, 2]] as const) {
      const graph = fused(random, [2, 61, 150, 13], 36, side, [stride, stride], [1, 1, 1, 1], { lo: 0 });
      const inputs = inputsFor(graph, random);
      const [one, ...others] = await Promise.all([1, 3, 4].map(async (threads) => {
        using session = await Session.create(graph, { arch, threads });
        return session.runSync(inputs).y.data;
      }));
      for (const other of others) assertEquals(other, one, `seed ${seedOf(62)}, ${arch}, ${side}, ${stride}`);
    }
  }
});

Deno.test("fuse_expand joins large maps at stride 2, and nothing else", async () => {
  const random = new Random(1);
  const block = (size: number, stride: 1 | 2) =>
    graphOf([[1, size, size, 4]], (b, [x]) => {
      const attrs = {
        strides: [1, 1],
        padding: [0, 0, 0, 0],
        dilations: [1, 1],
        groups: 1,
        limits: { lo: 0 },
      } as const;
      b.constant("w", [1, 1, 4, 64], random.tensor([1, 1, 4, 64]).data);
      b.constant("f", [3, 3, 1, 64], random.tensor([3, 3, 1, 64]).data);
      const wide = b.node("conv2d", "wide", attrs, [x, "w"]);
      return b.node(
        "conv2d",
        "y",
        { ...attrs, strides: [stride, stride], padding: [1, 1, 1, 1], groups: 64 },
        [wide, "f"],
      );
    });
  const ops = (size: number, stride: 1 | 2) =>
    fuseExpand(block(size, stride), () => {}).nodes.map((node) => node.op).join();
  assert(ops(80, 2) === "expand_depthwise");
  assert(ops(80, 1) === "conv2d,conv2d");
  assert(ops(20, 2) === "conv2d,conv2d");
  await compareBuilds(block(80, 2), random);
});
