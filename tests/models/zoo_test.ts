import { assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { DEFAULT_MODEL, findModel, weightsUrl, ZOO } from "../../models/zoo.ts";
import { ModelError } from "../../src/errors.ts";
import { readSafetensors } from "../../src/formats/safetensors.ts";
import { check, macsOf } from "../../src/graph/graph.ts";
import { elements } from "../../src/tensor.ts";
import { cocoSsdBytes } from "../weights.ts";

Deno.test("every entry is complete", () => {
  assertEquals(new Set(ZOO.map(({ name }) => name)).size, ZOO.length);
  for (const { name, sha256, bytes, licence, accuracy, source } of ZOO) {
    assertMatch(name, /^[a-z0-9-]+$/); // it becomes a file name
    assertMatch(sha256, /^[0-9a-f]{64}$/);
    assertMatch(licence, /^[A-Za-z0-9.-]+$/);
    assertMatch(accuracy.source, /^https:/);
    assertMatch(source.npm, /^(@[^/]+\/)?[^@/]+@\d+\.\d+\.\d+$/);
    assertMatch(source.integrity, /^sha512-[A-Za-z0-9+/]{86}==$/);
    assertEquals([bytes, source.bytes].every(Number.isSafeInteger), true);
  }
});

Deno.test("findModel gives the entry, or the nearest name", () => {
  assertEquals(findModel(DEFAULT_MODEL).name, DEFAULT_MODEL);
  const near = assertThrows(() => findModel("ssdlite-mobilenet-coco"), ModelError);
  assertEquals(near.code, "unknown_model");
  assertStringIncludes(near.message, "did you mean ssdlite-mobilenetv2-coco?");
  const far = assertThrows(() => findModel("yolo"), ModelError);
  assertStringIncludes(far.message, "known are ssdlite-mobilenetv2-coco; any other network goes by");
});

Deno.test("weightsUrl is in the folder that git ignores", async () => {
  assertEquals(weightsUrl("a").href, new URL("../../weights/a.safetensors", import.meta.url).href);
  const ignored = await Deno.readTextFile(new URL("../../.gitignore", import.meta.url));
  assertEquals(ignored.split("\n").includes("weights/"), true);
});

Deno.test("what the entry of SSDLite says of its network is so", async () => {
  const entry = findModel("ssdlite-mobilenetv2-coco");
  const graph = readSafetensors(await cocoSsdBytes());
  const { info } = graph;
  assertEquals([info.name, info.licence, info.labels], [entry.name, entry.licence, entry.labels]);
  assertEquals(info.origin, { source: `npm:${entry.source.npm}`, integrity: entry.source.integrity });
  assertEquals(`${info.preprocessing?.width}x${info.preprocessing?.height}`, entry.input);
  const trained = [...graph.constants].filter(([name]) => name !== "priors");
  assertEquals(trained.reduce((total, [, { shape }]) => total + elements(shape), 0), entry.parameters);
  const shapes = check(graph);
  assertEquals(graph.nodes.reduce((total, node) => total + macsOf(node, shapes), 0), entry.macs);
});
