import { assert, assertEquals } from "@std/assert";
import { Session } from "../../mod.ts";
import { inspect } from "../../src/compiler/inspect.ts";
import { layOut } from "../../src/compiler/layout.ts";
import { lifetimesOf } from "../../src/compiler/lifetimes.ts";
import { compile } from "../../src/compiler/program.ts";
import { joinTwins } from "../../src/compiler/twins.ts";
import type { GraphBuilder } from "../../src/graph/builder.ts";
import { check, type Graph } from "../../src/graph/graph.ts";
import { graphOf, inputsFor } from "../support/compare.ts";
import { Random, seedOf } from "../support/random.ts";

/** A convolution of stride 1 that keeps the size. */
function conv(b: GraphBuilder, random: Random, name: string, x: string, size: number, c: number, o: number) {
  b.constant(`${name}.w`, [size, size, c, o], random.tensor([size, size, c, o]).data);
  const pad = size >> 1, padding = [pad, pad, pad, pad] as const;
  return b.node("conv2d", name, { strides: [1, 1], dilations: [1, 1], padding, groups: 1 }, [x, `${name}.w`]);
}

/** Two-way dense layers as PeleeNet has them, branch by branch. */
function denseBlock(extent: number, channels: number, layers: number, random: Random): Graph {
  return graphOf([[1, extent, extent, channels]], (b, [x]) => {
    let y = b.node("sigmoid", "x", {}, [x]), c = channels;
    for (let i = 0; i < layers; i++, c += 32) {
      const left = conv(b, random, `${i}.1b`, conv(b, random, `${i}.1a`, y, 1, c, 32), 3, 32, 16);
      const right = conv(b, random, `${i}.2b`, conv(b, random, `${i}.2a`, y, 1, c, 32), 3, 32, 16);
      y = b.node("concat", `${i}.y`, { axis: 3 }, [y, left, conv(b, random, `${i}.2c`, right, 3, 16, 16)]);
    }
    return b.node("tanh", "out", {}, [y]);
  });
}

const order = (graph: Graph, threads: number) => {
  const { graph: { nodes }, families } = joinTwins(graph, check(graph), threads);
  return nodes.map(({ name }, i) => families[i] > 1 ? `${name}*` : name).join(" ");
};

Deno.test("branches that do the same run side by side, on small maps and more threads than one", () => {
  const graph = denseBlock(14, 24, 1, new Random(1));
  assertEquals(order(graph, 1), "x 0.1a 0.1b 0.2a 0.2b 0.2c 0.y out");
  assertEquals(order(graph, 2), "x 0.1a* 0.2a* 0.1b* 0.2b* 0.2c 0.y out");
  assertEquals(order(graph, 4), order(graph, 2));
  assertEquals(order(graph, 3), order(graph, 1), "two do not share out three threads evenly");
  assertEquals(order(denseBlock(29, 24, 1, new Random(1)), 2), order(graph, 1), "rows are worth more");
});

Deno.test("what needs another's result, or does other work, is no twin", () => {
  const graph = graphOf([[1, 7, 7, 16]], (b, [x]) => {
    const random = new Random(2);
    const first = conv(b, random, "first", x, 1, 16, 16), next = conv(b, random, "next", first, 1, 16, 16);
    return [next, conv(b, random, "wide", x, 1, 16, 24), conv(b, random, "large", x, 3, 16, 16)];
  });
  assertEquals(order(graph, 2), "first next wide large");
});

Deno.test("memory of twins is theirs until both are done", () => {
  const graph = denseBlock(7, 24, 1, new Random(3)), shapes = check(graph);
  const ordered = joinTwins(graph, shapes, 2);
  const spans = new Map(
    lifetimesOf(ordered, layOut(ordered.graph, shapes, 2)).map((
      { name, first, last },
    ) => [name, [first, last]]),
  );
  // 1b alone reads 1a, and 2b is written while it does.
  assertEquals(spans.get("0.1a"), [2, 4]);
  assertEquals(spans.get("0.2b"), [4, 5]);
  assertEquals(spans.get("0.2a"), [2, 4]);
});

Deno.test("twins give the bits that they give apart, on 1 to 4 threads", async () => {
  const seed = seedOf(91), random = new Random(seed);
  for (const arch of ["x86-64", "aarch64"] as const) {
    for (const [extent, channels] of [[7, 3], [7, 60], [7, 600], [14, 33], [28, 12]]) {
      const graph = denseBlock(extent, channels, 2, random), inputs = inputsFor(graph, random);
      using alone = await Session.create(graph, { arch });
      const { out } = await alone.run(inputs);
      for (const threads of [2, 3, 4]) {
        const { steps } = compile(graph, { arch, threads });
        assertEquals(
          steps.some(({ joined }) => joined),
          threads !== 3,
          `${extent}x${extent}, ${threads} threads`,
        );
        using session = await Session.create(graph, { arch, threads });
        await session.start();
        for (let run = 0; run < 5; run++) {
          const found = (await session.run(inputs)).out.data;
          const first = found.findIndex((value, i) => value !== out.data[i]);
          assertEquals(
            first,
            -1,
            `${extent}x${extent}x${channels}, ${arch}, ${threads} threads, seed ${seed}`,
          );
        }
      }
    }
  }
});

Deno.test("twins of several commands go side by side where none leaves anything for the next", () => {
  const joined = (extent: number, channels: number, threads: number) =>
    compile(denseBlock(extent, channels, 1, new Random(7)), { arch: "x86-64", threads }).steps
      .filter((step) => step.joined).map(({ name, begin, end }) => [name, end > begin]);
  assertEquals(joined(7, 600, 2), [["0.1a", true], ["0.1b", true]]);
  // Winograd of deep layers goes by steps, over the workspace, where it is for more threads than one.
  const deep = graphOf([[1, 7, 7, 256]], (b, [x]) => {
    const random = new Random(8);
    return [conv(b, random, "left", x, 3, 256, 128), conv(b, random, "right", x, 3, 256, 128)];
  });
  const twins = (threads: number) =>
    compile(deep, { arch: "x86-64", threads }).steps.map((step) => step.joined);
  assertEquals([twins(2), twins(4)], [[true, false], [false, false]]);
});

Deno.test("inspect tells which twins run side by side", () => {
  const graph = denseBlock(14, 24, 1, new Random(9));
  const told = (threads: number) =>
    inspect(graph, { arch: "x86-64", threads }).log.filter((line) => line.startsWith("join_twins: "));
  assertEquals(told(1), []);
  assertEquals(told(2), [
    `join_twins: conv2d "0.1a" beside "0.2a"`,
    `join_twins: conv2d "0.1b" beside "0.2b"`,
  ]);
});

Deno.test("twins share the time that both take in a profile", async () => {
  using session = await Session.create(denseBlock(14, 24, 1, new Random(4)), { threads: 2 });
  await session.start();
  const ms = new Map(session.profile(2).map((layer) => [layer.name, layer.ms]));
  assertEquals(ms.size, 7);
  assertEquals(ms.get("0.1a"), ms.get("0.2a"));
  assertEquals(ms.get("0.1b"), ms.get("0.2b"));
  assert([...ms.values()].every((time) => time > 0 && time < Infinity));
});
