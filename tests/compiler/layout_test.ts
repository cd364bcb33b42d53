import { assertEquals } from "@std/assert";
import { layOut } from "../../src/compiler/layout.ts";
import { check, type Graph } from "../../src/graph/graph.ts";
import { compile } from "../../src/compiler/program.ts";
import { graphOf } from "../support/compare.ts";

const places = (graph: Graph, threads = 1) => layOut(graph, check(graph), threads);

Deno.test("what is concatenated is written in place: no copies in the program", () => {
  const graph = graphOf([[1, 4, 4, 8]], (b, [x]) => {
    const first = b.node("sigmoid", "first", {}, [x]);
    const inner = b.node("concat", "inner", { axis: 3 }, [first, b.node("tanh", "second", {}, [first])]);
    const outer = b.node("concat", "outer", { axis: 3 }, [inner, b.node("silu", "third", {}, [inner])]);
    return b.node("mish", "y", {}, [outer]);
  });
  const { places: at, buffers } = places(graph);
  assertEquals(at.get("second"), { root: "outer", offset: 32, stride: 128 });
  assertEquals(at.get("third"), { root: "outer", offset: 64, stride: 128 });
  assertEquals([...buffers.keys()].sort(), ["outer", "x0", "y"]);
  const { steps } = compile(graph, { arch: "x86-64", threads: 1 });
  assertEquals(steps.map((step) => step.op), ["sigmoid", "tanh", "silu", "mish"]);
});

Deno.test("slices of channels are views", () => {
  const graph = graphOf([[1, 4, 4, 8]], (b, [x]) => {
    const map = b.node("sigmoid", "map", {}, [x]);
    const half = b.node("slice", "half", { starts: [0, 0, 0, 4], sizes: [1, 4, 4, 4] }, [map]);
    return b.node("tanh", "y", {}, [half]);
  });
  assertEquals(places(graph).places.get("half"), { root: "map", offset: 16, stride: 32 });
});

Deno.test("wide maps whose stride would fall on few cache sets are padded, ports are not", () => {
  const graph = graphOf(
    [[1, 4, 4, 256]],
    (b, [x]) => b.node("tanh", "y", {}, [b.node("sigmoid", "map", {}, [x])]),
  );
  const { places: at } = places(graph);
  assertEquals([at.get("x0")!.stride, at.get("map")!.stride, at.get("y")!.stride], [1024, 1088, 1024]);
});

Deno.test("a depthwise convolution of one thread overwrites what it has read, unless others read that too", () => {
  const same = { strides: [1, 1], dilations: [1, 1], padding: [1, 1, 1, 1], groups: 8 } as const;
  const filtered = (readTwice: boolean) =>
    graphOf([[1, 9, 9, 8]], (b, [x]) => {
      b.constant("w", [3, 3, 1, 8], new Float32Array(72));
      const map = b.node("sigmoid", "map", {}, [x]);
      const filtered = b.node("conv2d", "filtered", same, [map, "w"]);
      return b.node("add", "y", {}, [filtered, readTwice ? map : x]);
    });
  // Three rows are computed at once, and the one above them is still read.
  const { places: at, buffers } = places(filtered(false));
  assertEquals(at.get("filtered"), { root: "map", offset: 0, stride: 32 });
  assertEquals(at.get("map"), { root: "map", offset: 4 * 9 * 32, stride: 32 });
  assertEquals(buffers.get("map"), (9 + 4) * 9 * 32);
  assertEquals(places(filtered(true)).places.get("filtered")!.root, "filtered");
  assertEquals(places(filtered(false), 2).places.get("filtered")!.root, "filtered");
});
