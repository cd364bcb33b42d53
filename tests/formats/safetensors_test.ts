import { assert, assertEquals, assertThrows } from "@std/assert";
import { ModelError, SimdetError } from "../../src/errors.ts";
import { parseSafetensors, readSafetensors, writeSafetensors } from "../../src/formats/safetensors.ts";
import { check } from "../../src/graph/graph.ts";
import { graphOf } from "../support/compare.ts";
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
    [file({ __metadata__: { format: 7 } }), "object of strings"],
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
    const mutant = bytes.slice(0, random.next() < 0.1 ? random.integer(0, bytes.length) : bytes.length);
    for (let i = random.integer(1, 4); i > 0 && mutant.length > 0; i--) {
      mutant[random.integer(0, mutant.length - 1)] = random.integer(0, 255);
    }
    try {
      check(readSafetensors(mutant));
      legal++;
    } catch (error) {
      assert(error instanceof SimdetError, `seed ${seed}, round ${round}: ${error}`);
    }
  }
  assert(legal > 0 && legal < 5000);
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
