import { assertEquals, assertThrows } from "@std/assert";
import { codeOf, functionNames } from "../../../bench/arm/module.ts";

const text = (value: string) => [value.length, ...new TextEncoder().encode(value)];
/** A code section of one empty function, a custom section of another name, then the names of two functions behind that of the module. */
const MODULE = new Uint8Array([
  ...[0, 97, 115, 109, 1, 0, 0, 0],
  ...[10, 4, 1, 2, 0, 11],
  ...[0, 6, ...text("other")],
  ...[0, 22, ...text("name"), 0, 2, ...text("m"), 1, 11, 2, 0, ...text("a/f"), 130, 1, ...text("b/")],
]);

Deno.test("code and function names are read out of a module", () => {
  assertEquals(codeOf(MODULE), new Uint8Array([1, 2, 0, 11]));
  assertEquals(functionNames(MODULE), new Map([[0, "a/f"], [130, "b/"]]));
});

Deno.test("a module may have neither", () => {
  const empty = MODULE.subarray(0, 8);
  assertEquals(codeOf(empty).length, 0);
  assertEquals(functionNames(empty).size, 0);
});

Deno.test("a module that was cut off is refused", () => {
  assertThrows(() => functionNames(MODULE.subarray(0, MODULE.length - 3)), RangeError, "ends in the middle");
});
