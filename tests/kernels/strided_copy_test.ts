/** Copies between strides, cut into tiles. */
import { assert, assertEquals } from "@std/assert";
import { Session } from "../../mod.ts";
import { compile } from "../../src/compiler/program.ts";
import { type Graph, runReference } from "../../src/graph/graph.ts";
import { BUILDS, graphOf, inputsFor } from "../support/compare.ts";
import { Random, seedOf } from "../support/random.ts";

/** Tiles of a graph's first command. */
function tilesOf(graph: Graph, threads: number): number {
  const program = compile(graph, { arch: "x86-64", threads });
  const memory = new ArrayBuffer(program.sizes.total);
  program.write(memory);
  const [{ kernel, begin }] = program.steps;
  assertEquals(kernel, "strided_copy");
  return new DataView(memory).getInt32(begin + 8, true);
}

Deno.test("copies are cut along their first axis, and threads that share them leave every value in its place", async () => {
  const random = new Random(seedOf(21));
  for (const shape of [[1, 37, 29, 24], [1, 211, 2, 65], [3, 5, 67, 31]] as const) {
    const [n, h, w, c] = shape;
    const graphs: Record<string, Graph> = {
      "a transposition of planes": graphOf(
        [shape],
        (builder, [x]) => builder.node("transpose", "y", { permutation: [0, 2, 1, 3] }, [x]),
      ),
      "a transposition of channels": graphOf(
        [shape],
        (builder, [x]) => builder.node("transpose", "y", { permutation: [0, 3, 1, 2] }, [x]),
      ),
      "channels in pairs": graphOf(
        [[n, h, w, 2, c]],
        (builder, [x]) => builder.node("transpose", "y", { permutation: [0, 1, 2, 4, 3] }, [x]),
      ),
      "slices that a concatenation wants apart": graphOf([shape], (builder, [x]) => {
        const slices = ["a", "b"].map((name, i) =>
          builder.node("slice", name, { starts: [0, 0, 0, 3 * i], sizes: [n, h, w, c - 3] }, [x])
        );
        return builder.node("concat", "y", { axis: 3 }, slices);
      }),
    };
    for (const [name, graph] of Object.entries(graphs)) {
      const inputs = inputsFor(graph, random), wanted = runReference(graph, inputs).y.data;
      const label = `${name} of ${shape.join("x")}, seed ${seedOf(21)}`;
      assertEquals(tilesOf(graph, 1), 1, label);
      assert(tilesOf(graph, 3) > 1, label);
      for (const threads of [1, 2, 3]) {
        using session = await Session.create(graph, { threads });
        await session.start();
        assertEquals(session.runSync(inputs).y.data, wanted, `${label}, ${threads} threads`);
      }
    }
  }
});

Deno.test("a copy of a million floats is no single tile", () => {
  const graph = graphOf(
    [[1, 512, 512, 4]],
    (builder, [x]) => builder.node("transpose", "y", { permutation: [0, 1, 3, 2] }, [x]),
  );
  assertEquals(tilesOf(graph, 1), 2);
});

Deno.test("three planes become pixels, each value in its place, whatever is left of four", async () => {
  for (const width of [1, 3, 4, 5, 11, 401]) {
    const graph = graphOf(
      [[1, 3, 1, width]],
      (b, [x]) => b.node("transpose", "y", { permutation: [0, 2, 3, 1] }, [x]),
    );
    const data = Float32Array.from({ length: 3 * width }, (_, i) => i);
    for (const build of BUILDS) {
      using session = await Session.create(graph, build);
      const { y } = session.runSync({ x0: { shape: [1, 3, 1, width], data } });
      const wanted = Float32Array.from(data, (_, i) => i % 3 * width + Math.floor(i / 3));
      assertEquals(y.data, wanted, `${width} pixels, ${JSON.stringify(build)}`);
    }
  }
});
