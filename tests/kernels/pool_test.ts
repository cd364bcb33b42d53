/** Pooling against its reference: largest values to the bit, channels around those that go through the registers together. */
import { assertEquals } from "@std/assert";
import { Session } from "../../mod.ts";
import { BUILDS, compareBuilds, graphOf, inputsFor } from "../support/compare.ts";
import { Random, seedOf } from "../support/random.ts";

const CHANNELS = [1, 3, 4, 12, 13, 15, 16, 17, 19, 20, 31, 32, 33, 48, 61];

/** A window that often is cut by the picture's border, at random over one of `ops`. */
function randomPool(random: Random, op: "max_pool" | "avg_pool") {
  const kernel = random.pick([[2, 2], [3, 3], [3, 3], [1, 1], [2, 3], [5, 1], [7, 7]] as const);
  const padding = [0, 1, 2, 3].map((side) => random.integer(0, Math.min(2, kernel[side % 2] - 1)));
  const [h, w] = kernel.map((extent) => random.integer(extent, 11));
  const attrs = {
    kernel,
    strides: [random.integer(1, 3), random.integer(1, 3)],
    padding,
    ...random.pick([{}, { limits: { lo: -0.5 } }, { limits: { lo: 0, hi: 1 } }]),
    ...(op === "avg_pool" ? { countPadding: random.next() < 0.5 } : {}),
  };
  return { input: [random.pick([1, 2]), h, w, random.pick(CHANNELS)], attrs };
}

for (const [op, tolerance] of [["max_pool", 0], ["avg_pool", 1e-6]] as const) {
  Deno.test(`${op} equals the reference: windows, strides, padding, limits, channels`, async () => {
    const random = new Random(seedOf(41));
    for (let i = 0; i < 150; i++) {
      const { input, attrs } = randomPool(random, op);
      const graph = graphOf([input], (builder, [x]) => builder.node(op, "y", attrs as never, [x]));
      const label = `seed ${seedOf(41)}, ${input}, ${JSON.stringify(attrs)}`;
      await compareBuilds(graph, random, tolerance, label);
    }
  });
}

Deno.test("pooling reads and writes parts of wider maps", async () => {
  const random = new Random(seedOf(42));
  for (const c of [3, 16, 17, 36]) {
    const graph = graphOf([[1, 9, 8, 2 * c]], (builder, [x]) => {
      const half = builder.node("slice", "half", { starts: [0, 0, 0, c], sizes: [1, 9, 8, c] }, [x]);
      const attrs = { kernel: [3, 3], strides: [2, 2], padding: [1, 1, 1, 1] } as const;
      const most = builder.node("max_pool", "most", attrs, [half]);
      const mean = builder.node("avg_pool", "mean", { ...attrs, countPadding: false }, [half]);
      return builder.node("concat", "y", { axis: 3 }, [mean, most, mean]);
    });
    await compareBuilds(graph, random, 1e-6, `seed ${seedOf(42)}, ${c} channels`);
  }
});

Deno.test("pooling gives the same bits on 1, 2 and 3 threads", async () => {
  const random = new Random(seedOf(43));
  const attrs = { kernel: [3, 3], strides: [1, 1], padding: [1, 1, 1, 1] } as const;
  const graph = graphOf([[2, 21, 20, 44]], (builder, [x]) => [
    builder.node("max_pool", "most", attrs, [x]),
    builder.node("avg_pool", "mean", { ...attrs, countPadding: true }, [x]),
  ]);
  const inputs = inputsFor(graph, random);
  for (const build of BUILDS) {
    using one = await Session.create(graph, build);
    const wanted = one.runSync(inputs);
    for (const threads of [2, 3]) {
      using session = await Session.create(graph, { ...build, threads });
      await session.start();
      const outputs = session.runSync(inputs);
      for (const name of graph.outputs) {
        assertEquals(
          outputs[name].data,
          wanted[name].data,
          `${name}, ${threads} threads, seed ${seedOf(43)}`,
        );
      }
    }
  }
});
