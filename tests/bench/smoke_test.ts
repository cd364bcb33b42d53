/** The benchmarks start, and those that take any model measure a small one. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { GraphBuilder, writeSafetensors } from "../../mod.ts";

/** Runs a benchmark in a process of its own; gives what it prints. */
async function bench(name: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", new URL(`../../bench/${name}.ts`, import.meta.url).href, ...args],
  }).output();
  const text = new TextDecoder();
  assert(success, text.decode(stderr));
  return text.decode(stdout);
}

/** A model file of two convolutions, one pointwise and one depthwise. */
async function smallModel(): Promise<{ path: string } & Disposable> {
  const builder = new GraphBuilder();
  const window = { strides: [1, 1], dilations: [1, 1] } as const;
  const x = builder.input("x", [1, 8, 8, 64]);
  const wide = builder.constant("wide/weight", [1, 1, 64, 64], new Float32Array(64 * 64).fill(0.1));
  const deep = builder.constant("deep/weight", [3, 3, 1, 64], new Float32Array(9 * 64).fill(0.1));
  const y = builder.node("conv2d", "wide", { ...window, padding: [0, 0, 0, 0], groups: 1 }, [x, wide]);
  const z = builder.node("conv2d", "deep", { ...window, padding: [1, 1, 1, 1], groups: 64 }, [y, deep]);
  const path = await Deno.makeTempFile({ suffix: ".safetensors" });
  await Deno.writeFile(path, writeSafetensors(builder.build({ name: "small" }, [z])));
  return { path, [Symbol.dispose]: () => Deno.removeSync(path) };
}

for (const name of ["model", "kernels", "networks", "peers", "process"]) {
  Deno.test(`bench/${name}.ts tells how it is used`, async () => {
    assertStringIncludes(await bench(name, "--help"), "--runs");
  });
}

Deno.test("bench/arm.ts tells how it is used", async () => {
  assertStringIncludes(await bench("arm", "--help"), "--code NAME");
});

Deno.test("bench/model.ts measures a model file", async () => {
  using model = await smallModel();
  const { host, data } = JSON.parse(
    await bench("model", model.path, "--runs", "3", "--warmup", "1", "--json"),
  );
  assertEquals(host.deno, Deno.version.deno);
  assertEquals(data.macs, 64 * 64 * 64 + 64 * 9 * 64);
  assertEquals(data.steady.runs, 3);
  assert(data.steady.min > 0 && data.first > 0 && data.share > 0);
});

Deno.test("bench/kernels.ts measures every convolution by kind", async () => {
  using model = await smallModel();
  const { data } = JSON.parse(await bench("kernels", model.path, "--runs", "1", "--warmup", "1", "--json"));
  assertEquals(data.kinds.map(({ kind }: { kind: string }) => kind), [
    "pointwise, 64 channels or more",
    "depthwise, stride 1",
  ]);
  for (const { share, shareInNetwork } of data.layers) assert(share > 0 && shareInNetwork > 0);
});
