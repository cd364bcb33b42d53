import { assertEquals } from "@std/assert";
import { nearest } from "../src/nearest.ts";

Deno.test("nearest finds a word with a letter missing, doubled, swapped or wrong", () => {
  const flags = ["--model", "--conf", "--max-det", "--list-models"];
  assertEquals(nearest("--modle", flags), "--model");
  assertEquals(nearest("--maxdet", flags), "--max-det");
  assertEquals(nearest("--CONF", flags), "--conf");
  assertEquals(nearest("--list-model", flags), "--list-models");
});

Deno.test("nearest completes a word", () => {
  assertEquals(nearest("ssdlite", ["pelee", "ssdlite-mobilenetv2-coco"]), "ssdlite-mobilenetv2-coco");
  assertEquals(nearest("ssd", ["ssdlite-mobilenetv2-coco"]), undefined);
});

Deno.test("nearest stays silent where nothing is near", () => {
  assertEquals(nearest("zebra", ["person", "dog"]), undefined);
  assertEquals(nearest("ox", ["dog", "cat"]), undefined);
  assertEquals(nearest("dog", []), undefined);
});
