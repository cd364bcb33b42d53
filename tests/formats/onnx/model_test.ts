import { assertEquals, assertThrows } from "@std/assert";
import { ModelError } from "../../../src/errors.ts";
import { dataTypes } from "../../../src/formats/onnx/literal.ts";
import { isOnnx, parseModel } from "../../../src/formats/onnx/model.ts";
import { type Field, initializer, model, node, output } from "../../support/onnx.ts";

/** The values of the one initializer of a file. */
function values(
  type: number,
  dims: readonly number[],
  raw: ArrayBuffer | undefined,
  more: readonly Field[] = [],
) {
  const bytes = raw && new Uint8Array(raw);
  const { initializers } = parseModel(model([initializer("w", type, dims, bytes, more)]));
  return Array.from(initializers.get("w")!.data);
}

Deno.test("raw data of every element type", () => {
  const raw: Record<keyof typeof dataTypes, [ArrayBuffer, number[]]> = {
    1: [Float32Array.of(1.5, -2).buffer, [1.5, -2]],
    2: [Uint8Array.of(0, 255).buffer, [0, 255]],
    3: [Int8Array.of(-128, 127).buffer, [-128, 127]],
    4: [Uint16Array.of(0, 65535).buffer, [0, 65535]],
    5: [Int16Array.of(-32768, 3).buffer, [-32768, 3]],
    6: [Int32Array.of(-(2 ** 31), 7).buffer, [-(2 ** 31), 7]],
    7: [BigInt64Array.of(-5n, 2n ** 40n).buffer, [-5, 2 ** 40]],
    9: [Uint8Array.of(0, 1).buffer, [0, 1]],
    10: [Uint16Array.of(0xc000, 0x0001).buffer, [-2, 2 ** -24]],
    11: [Float64Array.of(0.1, -3).buffer, [0.1, -3]],
    12: [Uint32Array.of(2 ** 32 - 1, 1).buffer, [2 ** 32 - 1, 1]],
    13: [BigUint64Array.of(2n ** 53n, 1n).buffer, [2 ** 53, 1]],
    16: [Uint16Array.of(0x3fc0, 0xc000).buffer, [1.5, -2]],
  };
  for (const type of Object.keys(dataTypes).map(Number) as (keyof typeof dataTypes)[]) {
    const [bytes, wanted] = raw[type];
    assertEquals(values(type, [2], bytes), wanted, dataTypes[type]);
  }
});

Deno.test("typed lists, packed and one by one; 16-bit floats lie there as bits", () => {
  const bytes = (...list: number[]) => Uint8Array.from(list);
  assertEquals(values(1, [2], undefined, [{ number: 4, value: 1.5 }, { number: 4, value: -2 }]), [1.5, -2]);
  const packed = new Uint8Array(Float32Array.of(1.5, -2).buffer);
  assertEquals(values(1, [2], undefined, [{ number: 4, value: packed }]), [1.5, -2]);
  assertEquals(values(6, [3], undefined, [{ number: 5, value: bytes(1, 0x80, 0x01, 2) }]), [1, 128, 2]);
  assertEquals(values(7, [2], undefined, [{ number: 7, value: -3n }, { number: 7, value: 2n ** 40n }]), [
    -3,
    2 ** 40,
  ]);
  assertEquals(values(10, [1], undefined, [{ number: 5, value: 0xc000n }]), [-2]);
  assertEquals(values(16, [1], undefined, [{ number: 5, value: 0x3fc0n }]), [1.5]);
  assertEquals(values(13, [1], undefined, [{ number: 11, value: 9n }]), [9]);
  // A packed list that goes on behind its message.
  assertThrows(
    () => values(6, [3], undefined, [{ number: 5, value: bytes(1, 2, 0x80) }]),
    ModelError,
    "premature EOF",
  );
});

Deno.test("special values of half precision", () => {
  const half = (...bits: number[]) => values(10, [bits.length], Uint16Array.from(bits).buffer);
  assertEquals(half(0x7c00, 0xfc00, 0x7e00, 0x0000, 0x03ff), [Infinity, -Infinity, NaN, 0, 1023 * 2 ** -24]);
});

Deno.test("nodes keep names, lists and attributes; a domain stands before its operators", () => {
  const { nodes, outputs, opset } = parseModel(model([
    node("Conv", ["x", "", "b"], ["y"], { strides: [2, -1], group: 3, auto_pad: "VALID" }, "stem"),
    output("y"),
  ]));
  assertEquals(opset, 17);
  assertEquals(outputs.map(({ name }) => name), ["y"]);
  assertEquals(nodes, [{
    name: "stem",
    op: "Conv",
    inputs: ["x", "", "b"],
    outputs: ["y"],
    attributes: new Map<string, number | string | number[]>([["strides", [2, -1]], ["group", 3], [
      "auto_pad",
      "VALID",
    ]]),
  }]);
  const domain = { number: 7, value: new TextEncoder().encode("com.microsoft") };
  const foreign = node("FusedConv", ["x"], ["y"]);
  const found = parseModel(model([{ ...foreign, value: [...foreign.value as Field[], domain] }])).nodes[0];
  assertEquals(found.op, "com.microsoft.FusedConv");
});

Deno.test("an ONNX file is known by its first bytes", () => {
  assertEquals(isOnnx(model([])), true);
  for (const bytes of [[], [8], [8, 0, 1], [0x50, 0x4b, 3, 4], [0x7b, 0x22, 0x61]]) {
    assertEquals(isOnnx(Uint8Array.from(bytes)), false);
  }
});

Deno.test("what is no protobuf is called so", () => {
  for (const bytes of [[0x3a, 0xff], [0x3a, 0x03, 0x0a, 0x7f, 0x00], [0x07], [0x08]]) {
    assertThrows(() => parseModel(Uint8Array.from(bytes)), ModelError, "the file is cut or not protobuf");
  }
  // Groups within groups, deeper than any stack.
  assertThrows(
    () => parseModel(new Uint8Array(2_000_000).fill(0x0b)),
    ModelError,
    "the file is cut or not protobuf",
  );
});
