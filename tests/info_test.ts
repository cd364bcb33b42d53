/** `info.ts` as users start it: real processes. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { writeSafetensors } from "../src/formats/safetensors.ts";
import { buildModel } from "../models/build.ts";
import { run, temporaryFolder } from "./support/process.ts";

Deno.test("info tells of a network by name, without weights", async () => {
  const { code, stdout, stderr } = await run("info.ts", [
    "csppeleenet",
    "--arch",
    "aarch64",
    "--threads",
    "2",
  ]);
  assertEquals([code, stderr], [0, ""]);
  assertMatch(stdout, /^csppeleenet: 1x224x224x3 -> 1x1000, \d+\.\d M multiply-adds, \d\.\d+ M constants$/m);
  assertMatch(stdout, /^Memory on aarch64$/m);
  assertMatch(stdout, /^ {2}activations +[\d.]+ MB {2}one arena, reused$/m);
  assertMatch(stdout, /^ {4}most alive at once +[\d.]+ MB {2}the arena is 1\.\d\dx of it$/m);
  assertMatch(stdout, /^ {2}workspace +[\d.]+ [kM]B {2}2 threads$/m);
  assertMatch(stdout, /^ {2}concat +(\d+) {2}\1 without a copy$/m);
  assertMatch(stdout, /^ {2}gemm_4x16 /m);
});

Deno.test("info tells of a file, with every decision", async () => {
  await using folder = await temporaryFolder();
  const path = `${folder.path}/small.safetensors`;
  await Deno.writeFile(path, writeSafetensors(buildModel("mobilenetv1-025", { inputSize: [64, 96] })));
  const { code, stdout, stderr } = await run("info.ts", [path, "--log"]);
  assertEquals([code, stderr], [0, ""]);
  assertStringIncludes(stdout, "mobilenetv1-025: 1x64x96x3 -> 1x");
  assertMatch(stdout, /^fold_batchnorm: .+ into .+$/m);
  assertMatch(stdout, /^gemm_\dx\d+: ".+", .+$/m);
});

Deno.test("info names what it cannot look at", async () => {
  const ended = async (...args: string[]) => {
    const { code, stdout, stderr } = await run("info.ts", args);
    assertEquals(stdout, "");
    return [code, stderr] as const;
  };
  const [code, unknown] = await ended("peleenat");
  assertEquals(code, 2);
  assertStringIncludes(unknown, 'Unknown network "peleenat"');
  assertEquals(await ended("missing.onnx"), [2, "missing.onnx: no such file\n"]);
  const [usage, flag] = await ended("vovnet39", "--preset", "imagenet");
  assertEquals([usage, flag], [
    2,
    "--preset goes with a file; vovnet39 is a name, and looked at without weights\n",
  ]);
});
