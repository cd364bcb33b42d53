/** The benchmarks start, and those that take any model measure a small one. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import type { NetworkData } from "../../bench/support/networks.ts";
import { GraphBuilder, writeSafetensors } from "../../mod.ts";

/** Runs a benchmark in a process of its own; `networks`, which is for users, with none but their packages. */
function start(name: string, ...args: string[]): Promise<Deno.CommandOutput> {
  const config = name === "networks" ? "../../deno.json" : "../../bench/deno.json";
  const [path, script] = [config, `../../bench/${name}.ts`].map((file) =>
    fromFileUrl(new URL(file, import.meta.url))
  );
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", "--config", path, script, ...args],
  })
    .output();
}

/** Runs a benchmark to a good end; gives what it prints. */
async function bench(name: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await start(name, ...args);
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

for (const name of ["kernels", "peers", "process", "start", "flags"]) {
  Deno.test(`bench/${name}.ts tells how it is used`, async () => {
    assertStringIncludes(await bench(name, "--help"), "--runs");
  });
}

Deno.test("bench/networks.ts tells how it is used", async () => {
  assertStringIncludes(await bench("networks", "--help"), "--quick");
});

Deno.test("bench/arm.ts tells how it is used", async () => {
  assertStringIncludes(await bench("arm", "--help"), "--code NAME");
});

Deno.test("bench/networks.ts measures files and networks of the zoo with one thread and two, and draws them", async () => {
  using model = await smallModel();
  const chart = await Deno.makeTempFile({ suffix: ".svg" });
  const flags = ["--threads", "2", "--seconds", "0", "--json", "--chart", chart];
  const { host, data } = JSON.parse(await bench("networks", model.path, "mobilenetv1-025-vww", ...flags));
  assertEquals(host.deno, Deno.version.deno);
  assertEquals(
    data.networks.map(({ name, threads, precision }: NetworkData) => [name, threads, precision]),
    ["small", "mobilenetv1-025-vww"].flatMap((name) => [[name, 1, "fp32"], [name, 2, "fp32"]]),
  );
  assertEquals(data.networks[0].macs, 64 * 64 * 64 + 64 * 9 * 64);
  for (const { steady, first, share, memory } of data.networks as NetworkData[]) {
    assertEquals(steady.runs, 5);
    assert(steady.min > 0 && steady.min <= steady.median && steady.median <= steady.p95);
    assert(first > 0 && share > 0);
    assert(memory.process > memory.total);
  }
  assertStringIncludes(await Deno.readTextFile(chart), ">mobilenetv1-025-vww</text>");
  await Deno.remove(chart);
});

Deno.test("bench/networks.ts refuses what it does not know, without a stack trace", async () => {
  for (
    const [args, wanted] of [
      [["peelenet"], /^Unknown network "peelenet"; did you mean peleenet\?\n$/],
      [["--runs", "3"], /^Unknown flag --runs; --help lists the known ones\n$/],
      [["--chart", "x.png"], /^--chart must be the name of an .svg file, not "x.png"\n$/],
    ] as const
  ) {
    const { code, stderr } = await start("networks", ...args);
    assertEquals(code, 2);
    assertMatch(new TextDecoder().decode(stderr), wanted);
  }
});

Deno.test("the others refuse what they do not know, without a stack trace", async () => {
  for (
    const [name, argument, wanted] of [
      ["arm", "--bogus", /^Unknown argument --bogus; --help lists the known ones\n$/],
      ["flags", "nope.jpg", /^nope.jpg: no such file, wanted a photo\n$/],
      ["kernels", "--bogus", /^Unknown flag --bogus; --help lists the known ones\n$/],
      ["process", "nope.jpg", /^nope.jpg: no such file, wanted a photo\n$/],
      ["start", "more", /^Cannot take 1 arguments, wanted at most 0\n$/],
    ] as const
  ) {
    const { code, stderr } = await start(name, argument);
    assertEquals(code, 2, name);
    assertMatch(new TextDecoder().decode(stderr), wanted);
  }
});

Deno.test("bench/peers.ts compares a network with ONNX Runtime, and keeps nothing of a part", async () => {
  const flags = ["mobilenetv1-025", "--runs", "1", "--warmup", "1"];
  const { data } = JSON.parse(await bench("peers", ...flags, "--json"));
  assertEquals(data.tfjs, undefined);
  const [{ name, web, native }] = data.onnxruntime.networks;
  assertEquals(name, "mobilenetv1-025");
  assert(web.median > 0 && native.median > 0);
  const { code, stderr } = await start("peers", ...flags, "--save");
  assertEquals(code, 2);
  assertMatch(new TextDecoder().decode(stderr), /^--save .* leave mobilenetv1-025 out\n$/);
});

Deno.test("bench/kernels.ts measures every convolution by kind", async () => {
  using model = await smallModel();
  const { data } = JSON.parse(await bench("kernels", model.path, "--runs", "1", "--warmup", "1", "--json"));
  assertEquals(data.kinds.map(({ kind }: { kind: string }) => kind), [
    "pointwise, 64 channels or more",
    "depthwise, stride 1",
  ]);
  for (const { share, shareInNetwork } of data.layers) assert(share > 0 && shareInNetwork > 0);
  const kernels = data.layers.map(({ ways }: { ways: { kernel: string }[] }) =>
    ways.map(({ kernel }) => kernel.replace(/_\dx\d+$/, ""))
  );
  assertEquals(kernels, [["gemm", "strassen", "im2col_gemm"], ["depthwise_3x3_2rows", "64 x im2col_gemm"]]);
});
