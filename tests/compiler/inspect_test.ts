import { assert, assertEquals } from "@std/assert";
import { buildModel } from "../../models/build.ts";
import { inspect } from "../../src/compiler/inspect.ts";
import type { Pair } from "../../src/geometry.ts";
import { graphOf } from "../support/compare.ts";

const HOST = { arch: "x86-64", threads: 1 } as const;

Deno.test("inspect tells the memory of a chain apart from that of its arena", () => {
  const values = 8 * 8 * 16;
  const chain = graphOf([[1, 8, 8, 16]], (builder, [x]) => {
    let value = x;
    for (let i = 0; i < 6; i++) value = builder.node("sigmoid", `s${i}`, {}, [value]);
    return value;
  });
  const { apart, live, sizes, steps, views, log, macs } = inspect(chain, HOST);
  assertEquals(apart, 7 * values * 4);
  assert(live >= 2 * values * 4 && live < 3 * values * 4, `${live} bytes alive`);
  assert(sizes.arena >= live && sizes.arena < apart, `${sizes.arena} bytes of arena`);
  assertEquals([steps.length, views.length, log.length, macs], [6, 0, 0, 0]);
});

Deno.test("inspect tells concatenations that copy from those that do not", () => {
  const graph = graphOf([[1, 4, 4, 8]], (builder, [x]) => {
    const a = builder.node("sigmoid", "a", {}, [x]), b = builder.node("tanh", "b", {}, [x]);
    return [
      builder.node("concat", "free", { axis: 3 }, [a, b]),
      builder.node("concat", "copied", { axis: 3 }, [b, a]),
    ];
  });
  assertEquals(inspect(graph, HOST).views, [{ op: "concat", nodes: 2, free: 1 }]);
});

Deno.test("inspect counts what passes joined, and threads' workspace", () => {
  const graph = buildModel("mobilenetv2", { inputSize: [96, 96] as Pair });
  const one = inspect(graph, HOST), four = inspect(graph, { ...HOST, threads: 4 });
  assertEquals(one.log.filter((line) => line.startsWith("fuse_residual: ")).length, 10);
  assertEquals(one.passes.find(({ pass }) => pass === "fuse_residual"), {
    pass: "fuse_residual",
    joined: 10,
    left: 0,
  });
  // Every expansion that a depthwise filter reads is decided on.
  const expansions = one.passes.find(({ pass }) => pass === "fuse_expand")!;
  assertEquals(expansions.joined + expansions.left, 16);
  assertEquals(four.sizes.workspace % 4, 0);
  assert(four.sizes.workspace > one.sizes.workspace);
  assertEquals(four.macs, one.macs);
  assert(one.sizes.arena < one.live * 1.1);
});
