import { assertEquals, assertThrows } from "@std/assert";
import { ModelError } from "../../../src/errors.ts";
import { parseWeights, shardPaths } from "../../../src/formats/tensorflow/weights.ts";

const manifest = (...weights: unknown[]) => [{ paths: ["a"], weights }];

Deno.test("shards are cut into plain and quantised weights", () => {
  const scaled = (dtype: string, scale: number, min: number) => ({
    dtype,
    scale,
    min,
    original_dtype: "float32",
  });
  const weights = [
    { name: "bytes", shape: [3], dtype: "float32", quantization: scaled("uint8", 0.5, -1) },
    { name: "plain", shape: [1, 2], dtype: "float32" },
    { name: "shorts", shape: [2], dtype: "float32", quantization: scaled("uint16", 1 / 65536, 2) },
    { name: "halves", shape: [2], dtype: "float32", quantization: { dtype: "float16" } },
    { name: "whole", shape: [], dtype: "int32" },
    { name: "whole bytes", shape: [2], dtype: "int32", quantization: scaled("uint8", 1.9, 0.3) },
    { name: "truth", shape: [2], dtype: "bool" },
  ];
  const parts = [
    Uint8Array.of(0, 2, 255),
    new Uint8Array(Float32Array.of(1.5, -2).buffer),
    new Uint8Array(Uint16Array.of(0, 32768).buffer),
    new Uint8Array(Uint16Array.of(0x3c00, 0xc500).buffer),
    new Uint8Array(Int32Array.of(-7).buffer),
    Uint8Array.of(1, 2),
    Uint8Array.of(0, 1),
  ];
  // Two shards that a weight lies across.
  const bytes = Uint8Array.from(parts.flatMap((part) => [...part]));
  const found = parseWeights(manifest(...weights), [[bytes.subarray(0, 5), bytes.subarray(5)]]);
  assertEquals(Object.fromEntries([...found].map(([name, { data }]) => [name, [...data]])), {
    "bytes": [-1, 0, 126.5],
    "plain": [1.5, -2],
    "shorts": [2, 2.5],
    "halves": [1, -5],
    "whole": [-7],
    "whole bytes": [2, 4],
    "truth": [0, 1],
  });
  assertEquals(found.get("whole")!.shape, []);
});

Deno.test("manifests that lie", () => {
  const bytes = new Uint8Array(8), two = { name: "w", shape: [2], dtype: "float32" };
  const cases: [unknown[], string][] = [
    [[{ ...two, shape: [3] }], "3 ends at byte 12, the shards hold 8"],
    [[{ ...two, shape: [2 ** 40, 2 ** 40] }], "the shards hold 8"],
    [[{ ...two, shape: [-2] }], "has no name or shape"],
    [[{ ...two, shape: "2" }], "has no name or shape"],
    [[{ ...two, name: 3 }], "has no name or shape"],
    [[null], "has no name or shape"],
    [[{ ...two, dtype: "string" }], "it is string, wanted float32, int32, bool"],
    [[{ ...two, dtype: "constructor" }], "it is constructor"],
    [[{ ...two, quantization: { dtype: "uint4", scale: 1, min: 0 } }], "quantised as uint4"],
    [
      [{ ...two, shape: [8], quantization: { dtype: "uint8", scale: "1" } }],
      "its scale is 1 and its min undefined",
    ],
    [[{ ...two, shape: [1] }], "the manifest tells of 4"],
    [[{ ...two, shape: [1] }, { ...two, shape: [1] }], '"w" is told twice'],
  ];
  for (const [weights, message] of cases) {
    assertThrows(() => parseWeights(manifest(...weights), [[bytes]]), ModelError, message);
  }
  assertThrows(() => shardPaths({}), ModelError, "not a list");
  assertThrows(() => shardPaths([{ paths: Array(2000).fill("s") }]), ModelError, "at most 1024");
});
