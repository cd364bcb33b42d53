import { assert, assertEquals, assertThrows } from "@std/assert";
import { ModelError, SimdetError } from "../../src/errors.ts";
import {
  parseSafetensors,
  readSafetensors,
  toGraph,
  writeSafetensors,
} from "../../src/formats/safetensors.ts";
import { type AnyNode, check } from "../../src/graph/graph.ts";
import type { ModelInfo } from "../../src/graph/model_info.ts";
import { graphOf } from "../support/compare.ts";
import { mutate } from "../support/mutate.ts";
import { mutateJson } from "../support/mutate_json.ts";
import { Random, seedOf } from "../support/random.ts";

const graph = graphOf([[1, 3, 3, 4]], (b, [x]) => {
  b.constant("w", [1, 1, 4, 2], new Random(1).tensor([1, 1, 4, 2]).data);
  b.constant("b", [2], new Random(2).tensor([2]).data);
  const attrs = { strides: [1, 1], padding: [0, 0, 0, 0], dilations: [1, 1], groups: 1 } as const;
  return b.node("sigmoid", "y", {}, [b.node("conv2d", "c", attrs, [x, "w", "b"])]);
});

/** A file of a header and some bytes. */
function file(header: unknown, data = new Uint8Array()): Uint8Array {
  const json = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(data, 8 + json.length);
  return bytes;
}

Deno.test("a graph survives writing and reading, and the same graph gives the same bytes", () => {
  const bytes = writeSafetensors(graph);
  assertEquals(readSafetensors(bytes), graph);
  assertEquals(writeSafetensors(readSafetensors(bytes)), bytes);
  const turned = graph.nodes.map(({ name, op, inputs, attrs }) => {
    const reversed = Object.fromEntries(Object.entries(attrs).reverse());
    return { inputs, attrs: reversed, op, name } as unknown as AnyNode;
  });
  assertEquals(writeSafetensors({ ...graph, nodes: turned }), bytes, "whatever the order of attributes");
  const shifted = new Uint8Array(bytes.length + 1);
  shifted.set(bytes, 1);
  assertEquals(readSafetensors(shifted.subarray(1)), graph);
});

Deno.test("a file that is cut or lies is refused with what it says and what it holds", () => {
  const bytes = writeSafetensors(graph);
  const tensor = (shape: unknown, offsets: unknown, dtype = "F32") =>
    file({ t: { dtype, shape, data_offsets: offsets } }, new Uint8Array(8));
  const cases: [Uint8Array, string][] = [
    [bytes.subarray(0, 5), "the file is 5 bytes"],
    [bytes.subarray(0, bytes.length / 2), "fetch it again"],
    [bytes.subarray(0, bytes.length - 1), "fetch it again"],
    [file("{nope"), "not JSON"],
    [tensor([2], [0, 4]), "wants 8 bytes"],
    [tensor([2], [4, 12]), "begins at byte 4"],
    [tensor([1e9, 1e9], [0, 8]), "at most"],
    [tensor([2], [0, 8], "F8_E4M3"), 'of type "F8_E4M3"'],
    [tensor([-2], [0, 8]), "at most"],
    [tensor([1], [0, 4]), "tensors take 4 bytes"],
    [tensor([1.5], [0, 8]), "wanted at most"],
    [tensor("2", [0, 8]), "wanted at most"],
    [tensor([2], [0.5, 8.5]), "wants 8 bytes"],
    [tensor([2], [-8, 0]), "begins at byte -8"],
    [tensor([2], [8, 0]), "wants 8 bytes"],
    [tensor([2], [2 ** 53, 2 ** 53 + 8]), "begins at byte"],
    [tensor([2], { 0: 0, 1: 8 }), "wants 8 bytes"],
    [tensor([2], [0, 8], "constructor"), 'of type "constructor"'],
    [tensor([2], [0, 8], "toString"), "wanted one of F32"],
    [file({ t: null }), "of type undefined"],
    [file([1, 2]), "not a JSON object"],
    [
      file({
        a: { dtype: "U8", shape: [4], data_offsets: [0, 4] },
        b: { dtype: "U8", shape: [4], data_offsets: [2, 6] },
      }, new Uint8Array(6)),
      'tensor "b" begins at byte 2, the one before it ends at 4',
    ],
    [file("[".repeat(100_000)), "not JSON"],
    [file(new TextDecoder("latin1").decode(Uint8Array.of(0x7b, 0xff, 0x7d))), "not JSON"],
    [file({ __metadata__: { format: 7 } }), "object of strings"],
    [file({ __metadata__: ["pt"] }), "object of strings"],
  ];
  for (const [broken, message] of cases) {
    assertThrows(() => parseSafetensors(broken), ModelError, message);
  }
  const huge = new Uint8Array(16);
  new DataView(huge.buffer).setBigUint64(0, 2n ** 60n, true);
  assertThrows(() => parseSafetensors(huge), ModelError, "the header is said to be");
  assertThrows(
    () => readSafetensors(file({ __metadata__: { format: "pt" } })),
    ModelError,
    "no graph of ours",
  );
});

Deno.test("5,000 mutated files: a typed error or a legal graph", () => {
  const seed = seedOf(31), random = new Random(seed);
  const bytes = writeSafetensors(graph);
  let legal = 0;
  for (let round = 0; round < 5000; round++) {
    const mutant = mutate(bytes, random, bytes.length);
    try {
      check(readSafetensors(mutant));
      legal++;
    } catch (error) {
      assert(error instanceof SimdetError, `seed ${seed}, round ${round}: ${error}`);
    }
  }
  assert(legal > 0 && legal < 5000);
});

Deno.test("shapes of graphs cannot ask for more than their operators allow", () => {
  const of = (graph: unknown, info: unknown = { name: "t" }) =>
    file({ __metadata__: { format: "simdet/1", graph: JSON.stringify(graph), info: JSON.stringify(info) } });
  const x = { name: "x", shape: [1, 4, 4, 1] };
  const node = (op: string, attrs: unknown, inputs = ["x"]) => ({
    inputs: [x],
    outputs: ["y"],
    nodes: [{ name: "y", op, attrs, inputs }],
  });
  const cases: [Uint8Array, string][] = [
    [of({ ...node("sigmoid", {}), inputs: [{ name: "x", shape: [2 ** 20, 2 ** 20] }] }), "at most"],
    [of(node("sigmoid", {}, ["y"])), "not defined before it"],
    [of(node("constructor", {})), 'of operator "constructor"'],
    [
      of(node("resize", { size: [1e6, 1e6], mode: "linear", coordinates: "half_pixel" })),
      "wanted 2 integers",
    ],
    [of(node("pad", { before: [0, 1e5, 0, 0], after: [0, 0, 0, 0], value: 0 })), "wanted"],
    [of(node("reshape", { shape: [2 ** 40] })), "does not hold as many"],
    [of(node("sigmoid", []), { name: "t" }), "of the right form"],
    [of(node("sigmoid", {}), { name: 3 }), "name"],
    [of(null), 'metadata "graph" is not a JSON object'],
  ];
  for (const [broken, message] of cases) {
    assertThrows(() => check(readSafetensors(broken)), SimdetError, message);
  }
});

/** A YOLO head over a picture cut, sliced and padded: what graphs and infos are made of. */
const detector = graphOf([[1, 8, 8, 3]], (b, [x]) => {
  b.constant("head", [1, 1, 3, 14], new Random(3).tensor([1, 1, 3, 14]).data);
  const attrs = { strides: [2, 2], padding: [0, 0, 0, 0], dilations: [1, 1], groups: 1 } as const;
  const left = b.node("slice", "left", { starts: [0, 0, 0, 0], sizes: [1, 8, 4, 3] }, [x]);
  const wide = b.node("pad", "wide", { before: [0, 0, 2, 0], after: [0, 0, 2, 0], value: 0 }, [left]);
  const pooled = b.node("max_pool", "pooled", { kernel: [3, 3], strides: [1, 1], padding: [1, 1, 1, 1] }, [
    wide,
  ]);
  const sum = b.node("add", "sum", {}, [pooled, b.node("leaky_relu", "leaky", { alpha: 0.1 }, [x])]);
  return b.node("conv2d", "y", attrs, [b.node("concat", "joined", { axis: 3 }, [sum]), "head"]);
});

const INFO: ModelInfo = {
  name: "detector",
  preprocessing: {
    input: "x0",
    width: 8,
    height: 8,
    resize: "half_pixel",
    scale: [1, 1, 1],
    offset: [0, 0, 0],
  },
  labels: [{ name: "ant", categoryId: 0 }, null],
  postprocessing: {
    kind: "yolo",
    heads: [{ output: "y", anchors: [[4, 4], [6, 6]], scaleXY: 1 }],
    threshold: 0.25,
    iou: 0.5,
    maxDetections: 10,
  },
};

Deno.test("3,000 models whose graph or information lies: a typed error or a legal graph", () => {
  const seed = seedOf(37), random = new Random(seed);
  const { constants, inputs, outputs, nodes } = detector, graph = { inputs, outputs, nodes };
  let legal = 0;
  for (let round = 0; round < 3000; round++) {
    const lying = random.next() < 0.6;
    const metadata = {
      format: "simdet/1",
      graph: JSON.stringify(lying ? mutateJson(graph, random) : graph),
      info: JSON.stringify(lying ? INFO : mutateJson(INFO, random)),
    };
    try {
      check(toGraph({ tensors: new Map(constants), metadata }));
      legal++;
    } catch (error) {
      assert(error instanceof SimdetError, `seed ${seed}, round ${round}: ${(error as Error).stack}`);
    }
  }
  assert(legal > 0 && legal < 3000);
});

Deno.test("of a thousand labels the one that is none is named, and messages stay short", () => {
  const { constants, inputs, outputs, nodes } = detector, graph = { inputs, outputs, nodes };
  const refusal = (info: unknown) => {
    const metadata = { format: "simdet/1", graph: JSON.stringify(graph), info: JSON.stringify(info) };
    return assertThrows(() => toGraph({ tensors: new Map(constants), metadata }), ModelError).message;
  };
  const labels: unknown[] = Array.from({ length: 1000 }, (_, i) => ({ name: `class ${i}`, categoryId: i }));
  labels[700] = { name: "no number" };
  assertEquals(
    refusal({ ...INFO, labels }),
    'Cannot read model: label 700 is {"name":"no number"}, wanted { name, categoryId } or null',
  );
  assert(refusal({ ...INFO, labels: { ...labels } }).length < 300);
});

Deno.test("values of every type become f32", () => {
  const one = (dtype: string, bytes: number[], data: number[]) => {
    const tensor = { dtype, shape: [data.length], data_offsets: [0, bytes.length] };
    const { tensors } = parseSafetensors(file({ t: tensor }, Uint8Array.from(bytes)));
    assertEquals(tensors.get("t")!.data, Float32Array.from(data), dtype);
  };
  one("F32", [0, 0, 0x80, 0x3f], [1]);
  one("F64", [0, 0, 0, 0, 0, 0, 0xf8, 0xbf], [-1.5]);
  one("F16", [0, 0x3c, 0, 0xc5, 1, 0, 0, 0x7c], [1, -5, 2 ** -24, Infinity]);
  one("BF16", [0x80, 0x3f, 0x20, 0xc0], [1, -2.5]);
  one("I64", [0xfe, 255, 255, 255, 255, 255, 255, 255], [-2]);
  one("I32", [7, 0, 0, 0], [7]);
  one("I16", [0xff, 0xff], [-1]);
  one("I8", [0x80, 3], [-128, 3]);
  one("U8", [0x80], [128]);
  one("BOOL", [0, 1], [0, 1]);
});
