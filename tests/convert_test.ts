/** The converter as users start it: real processes. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { Session } from "../mod.ts";
import { buildModel } from "../models/build.ts";
import { readModel } from "../src/detection/read_model.ts";
import { parseSafetensors, writeSafetensors } from "../src/formats/safetensors.ts";
import type { Tensor } from "../src/tensor.ts";
import { bytesSource, decodeProgram } from "../src/compiler/program_file.ts";
import { compileModel } from "../src/runtime/compile_model.ts";
import { detectArch } from "../src/runtime/kernels.ts";
import { inputsFor } from "./support/compare.ts";
import { type Ended, run, type StartOptions, temporaryFolder } from "./support/process.ts";
import { hashed, roleOf } from "./support/hash.ts";
import { archive, dict, tensor } from "./support/pickle.ts";
import { Random } from "./support/random.ts";
import { stateDictFile } from "./support/safetensors.ts";

const convert = (args: readonly string[], options: StartOptions = {}): Promise<Ended> =>
  run("convert.ts", args, { allow: ["--allow-read", "--allow-write"], ...options });

const CFG = `[net]
width=64
height=32
channels=3
[convolutional]
batch_normalize=1
filters=16
size=3
stride=2
pad=1
activation=leaky
[convolutional]
filters=14
size=1
activation=linear
[yolo]
mask=0,1
anchors=4,6, 9,12
classes=2
`;

/** Weights of the network above, in Darknet's order. */
function weightsFile(): Uint8Array {
  const random = new Random(9), values = 16 * 4 + 16 * 27 + 14 + 14 * 16;
  const bytes = new Uint8Array(20 + values * 4);
  new Int32Array(bytes.buffer, 0, 5).set([0, 2, 0, 0, 0]);
  const floats = new Float32Array(bytes.buffer, 20);
  floats.forEach((_, i) => floats[i] = random.next() - 0.5);
  floats.fill(1, 48, 64); // variances
  return bytes;
}

async function darknet(folder: string): Promise<string> {
  await Deno.writeTextFile(`${folder}/tiny.cfg`, CFG);
  await Deno.writeFile(`${folder}/tiny.weights`, weightsFile());
  await Deno.writeTextFile(`${folder}/tiny.names`, "ant\nbee\n");
  return `${folder}/tiny.cfg`;
}

Deno.test("a Darknet network becomes one file that finds the same, and a table of its layers", async () => {
  await using folder = await temporaryFolder();
  const cfg = await darknet(folder.path), out = `${folder.path}/ants.safetensors`;
  const { code, stdout, stderr } = await convert([
    cfg,
    "-o",
    out,
    "--labels",
    `${folder.path}/tiny.names`,
    "--name",
    "ants",
  ]);
  assertEquals(code, 0, stderr);
  assertMatch(stdout, /^layer +kernel +in -> out +MMAC$/m);
  assertMatch(stdout, /^0\.leaky +\S+ +1x3x32x64 -> 1x16x32x16 +0\.22$/m);
  assertMatch(stdout, /^\d layers +\d\.\d\d M constants +0\.34$/m);
  assertMatch(stderr, /ants\.safetensors: ants, [\d.]+ kB, the same outputs$/m);
  const { info } = await readModel(await Deno.readFile(out));
  assertEquals([info.name, info.labels?.map((label) => label?.name)], ["ants", ["ant", "bee"]]);
  assertMatch(info.origin?.integrity ?? "", /^sha256:[0-9a-f]{64}$/);
  const found = await Promise.all([cfg, out].map(async (model) => {
    const flags = ["--labels", `${folder.path}/tiny.names`, "--conf", "0.25", "--format", "jsonl"];
    const { stdout } = await run("detect.ts", ["--model", model, "samples/chelsea.png", ...flags]);
    return JSON.parse(stdout).detections;
  }));
  assertEquals(found[1], found[0]);
  assert(found[0].length > 0);
});

Deno.test("--f16 stores the weights of convolutions in half the bytes", async () => {
  await using folder = await temporaryFolder();
  const cfg = await darknet(folder.path);
  const { code, stdout, stderr } = await convert([
    cfg,
    "-o",
    `${folder.path}/half.safetensors`,
    "--f16",
    "-q",
  ]);
  assertEquals([code, stdout], [0, ""], stderr);
  assertMatch(stderr, /outputs within \de-\d|outputs within \d\.\de-\d/);
  const bytes = await Deno.readFile(`${folder.path}/half.safetensors`);
  const header = new TextDecoder().decode(bytes.subarray(8));
  assertMatch(header, /"0\.weights":\{"dtype":"F16"/);
  assertMatch(header, /"0\.scale":\{"dtype":"F32"/);
  const { data } = parseSafetensors(bytes).tensors.get("0.weights")!;
  assert(data.every((value) => value === Math.f16round(value)));
});

/** Weights of the zoo's smallest network by its upstream's names, hash-generated. */
function zooWeights(): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  buildModel("mobilenetv1-025", {
    weights: (key, shape) => {
      const made = hashed(key, shape, roleOf(key, shape));
      tensors.set(key, made);
      return made.data;
    },
  });
  return tensors;
}

const bytesOf = ({ data }: Tensor) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** The same as `torch.save` of a checkpoint's state dict writes it. */
function torchFile(tensors: ReadonlyMap<string, Tensor>): Uint8Array {
  const list = [...tensors], storages = list.map(([, value], i) => [String(i), bytesOf(value)]);
  const entries = list.map(([key, { shape, data }], i) => {
    const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1));
    return [key, tensor(String(i), data.length, [...shape], strides)];
  });
  return archive(dict(Object.fromEntries(entries)), Object.fromEntries(storages));
}

/** A message of protobuf: integers, texts, bytes and messages by field. */
function message(...fields: readonly (readonly [number, number | string | Uint8Array])[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const [field, value] of fields) {
    if (typeof value === "number") writer.tag(field, 0).int32(value);
    else if (typeof value === "string") writer.tag(field, 2).string(value);
    else writer.tag(field, 2).bytes(value);
  }
  return writer.finish();
}

const WEIGHT = new Random(3).tensor([4, 3, 1, 1]);

/** A 1x1 convolution (onnx/onnx.proto). */
function onnxFile(op = "Conv"): Uint8Array {
  const port = (name: string, ...shape: number[]) => {
    const dims = message(...shape.map((n) => [1, message([1, n])] as const));
    return message([1, name], [2, message([1, message([1, 1], [2, dims])])]);
  };
  const weight = message(...WEIGHT.shape.map((n) => [1, n] as const), [2, 1], [8, "w"], [9, bytesOf(WEIGHT)]);
  const node = message([1, "x"], [1, "w"], [2, "y"], [3, "stage/conv"], [4, op]);
  const graph = message([1, node], [2, "g"], [5, weight], [11, port("x", 1, 3, 8, 8)], [
    12,
    port("y", 1, 4, 8, 8),
  ]);
  return message([1, 8], [7, graph], [8, message([1, ""], [2, 17])]);
}

const PROTOTXT = `name: "tiny"
input: "data" input_dim: 1 input_dim: 3 input_dim: 8 input_dim: 8
layer { name: "c" type: "Convolution" bottom: "data" top: "c"
  convolution_param { num_output: 4 kernel_size: 1 bias_term: false } }
`;

/** Weights of the network above (BVLC/caffe, caffe.proto). */
function caffemodel(): Uint8Array {
  const shape = message(...WEIGHT.shape.map((n) => [1, n] as const));
  const blob = message([7, shape], [5, bytesOf(WEIGHT)]);
  return message([1, "tiny"], [100, message([1, "c"], [2, "Convolution"], [7, blob])]);
}

/** A model in every format, with what belongs to it beside it. */
async function everyFormat(folder: string): Promise<string[]> {
  const weights = zooWeights(),
    write = async (name: string, bytes: Uint8Array | string) => {
      const path = `${folder}/${name}`;
      if (typeof bytes === "string") await Deno.writeTextFile(path, bytes);
      else await Deno.writeFile(path, bytes);
      return path;
    };
  const layers = JSON.parse(await Deno.readTextFile(new URL("fixtures/tfjs/nested.json", import.meta.url)));
  await Deno.mkdir(`${folder}/teachable`);
  await write("teachable/weights.bin", Uint8Array.from(atob(layers.weights), (c) => c.charCodeAt(0)));
  await write("tiny.caffemodel", caffemodel());
  return [
    await darknet(folder),
    await write("zoo.pth", torchFile(weights)),
    await write("timm.safetensors", stateDictFile(weights)),
    await write("tiny.onnx", onnxFile()),
    await write("tiny.prototxt", PROTOTXT),
    await write("teachable/model.json", JSON.stringify(layers.model)),
    await write(
      "ours.safetensors",
      writeSafetensors(buildModel("mobilenetv1-025", { weights: (key) => weights.get(key)!.data })),
    ),
  ];
}

Deno.test("weights alone are said to leave the size of the input open", async () => {
  await using folder = await temporaryFolder();
  const model = (await everyFormat(folder.path)).find((path) => path.endsWith("zoo.pth"))!;
  const out = ["-o", `${folder.path}/out.safetensors`];
  const { stderr } = await convert([model, ...out]);
  assertStringIncludes(
    stderr,
    "zoo.pth: weights of mobilenetv1-025, which do not tell the size of its input",
  );
  assertStringIncludes(stderr, "224x224; --size tells another\n");
  for (const more of [["--size", "96"], ["-q"]]) {
    assert(!(await convert([model, ...out, ...more])).stderr.includes("--size"));
  }
});

Deno.test("every format becomes a model file and a program that compute the same", async () => {
  await using folder = await temporaryFolder();
  for (const model of await everyFormat(folder.path)) {
    const name = model.replace(/^.*\//, ""), out = `${folder.path}/out.safetensors`;
    const converted = await convert([model, "-o", out, "-q"]);
    assertEquals(converted.code, 0, `${name}: ${converted.stderr}`);
    assertMatch(converted.stderr, /out\.safetensors: [\w.-]+, [\d.]+ [kM]?B, the same outputs$/m);
    const program = `${folder.path}/out.program`;
    const compiled = await convert([model, "-o", program, "-q", "--compiled"]);
    assertEquals(compiled.code, 0, `${name}: ${compiled.stderr}`);
    assertMatch(
      compiled.stderr,
      /compiled for (x86-64|aarch64) \(\w+\) and this release alone, the same outputs$/m,
    );
    const graph = await readModel(await Deno.readFile(out));
    using session = await Session.create(graph);
    using loaded = await Session.load(await decodeProgram(bytesSource(await Deno.readFile(program))));
    const inputs = inputsFor({ ...graph, inputs: session.inputs }, new Random(4));
    assertEquals(await loaded.run(inputs), await session.run(inputs), name);
  }
});

Deno.test("detect.ts runs a compiled program; nothing else can be made of it", async () => {
  await using folder = await temporaryFolder();
  const cfg = await darknet(folder.path), program = `${folder.path}/ants.program`;
  const { code, stderr } = await convert([
    cfg,
    "-o",
    program,
    "--compiled",
    "--threads",
    "2",
    "--labels",
    `${folder.path}/tiny.names`,
  ]);
  assertEquals(code, 0, stderr);
  const found = await Promise.all([cfg, program].map(async (model) => {
    const labels = model === cfg ? ["--labels", `${folder.path}/tiny.names`] : [];
    const { code, stdout, stderr } = await run("detect.ts", [
      "--model",
      model,
      "samples/chelsea.png",
      ...labels,
      "--conf",
      "0.25",
      "--format",
      "jsonl",
    ]);
    assertEquals(code, 0, stderr);
    return JSON.parse(stdout).detections;
  }));
  assertEquals(found[1], found[0]);
  const again = await convert([program, "-o", `${folder.path}/again.safetensors`]);
  assertEquals(again.code, 1);
  assertStringIncludes(again.stderr, "it is a compiled program, which holds no graph");
});

Deno.test("a program for another processor is refused in a sentence", async () => {
  await using folder = await temporaryFolder();
  const arch = detectArch() === "aarch64" ? "x86-64" : "aarch64";
  const weights = zooWeights(), path = `${folder.path}/other.program`;
  const graph = buildModel("mobilenetv1-025", { weights: (key) => weights.get(key)!.data });
  await Deno.writeFile(path, await compileModel(graph, { arch }));
  const { code, stderr } = await run("classify.ts", ["--model", path, "samples/chelsea.png"]);
  assertEquals(code, 1);
  assertMatch(stderr, new RegExp(`^Cannot run compiled program: it is for ${arch}.*compile it here$`, "m"));
});

Deno.test("what no reader knows is named: an operator of ONNX with its node, a global of a pickle", async () => {
  await using folder = await temporaryFolder();
  const out = `${folder.path}/out.safetensors`;
  const hostile = archive(Uint8Array.from("cos\nsystem\n(X\x02\0\0\0idtR.", (c) => c.charCodeAt(0)));
  const cases: [string, Uint8Array, string][] = [
    ["odd.onnx", onnxFile("Fancy"), '"stage/conv" (Fancy)'],
    ["evil.pth", hostile, '"os.system", which is not allowed'],
    ["odd.pth", torchFile(new Map([["a.b.weight", WEIGHT]])), "a.b.weight"],
  ];
  for (const [name, bytes, said] of cases) {
    await Deno.writeFile(`${folder.path}/${name}`, bytes);
    const { code, stderr } = await convert([`${folder.path}/${name}`, "-o", out]);
    assertEquals(code, 1, stderr);
    assertStringIncludes(stderr, said);
    assert(!stderr.includes("    at "), stderr);
  }
});

Deno.test("the first operator that cannot be read is named with its node", async () => {
  await using folder = await temporaryFolder();
  const shape = { shape: { dim: [1, 8, 8, 3].map((size) => ({ size: String(size) })) } };
  const node = [
    { name: "x", op: "Placeholder", attr: { shape, dtype: { type: "DT_FLOAT" } } },
    { name: "stage/odd", op: "Cumsum", input: ["x"], attr: {} },
  ];
  const model = { modelTopology: { node }, weightsManifest: [] };
  await Deno.writeTextFile(`${folder.path}/model.json`, JSON.stringify(model));
  const out = `${folder.path}/out.safetensors`;
  const { code, stderr } = await convert([`${folder.path}/model.json`, "-o", out]);
  assertEquals(code, 1);
  assertMatch(stderr, /^Cannot read node "stage\/odd" \(Cumsum\): the operator is not supported/);
  assertEquals(await Deno.stat(out).catch(() => "none"), "none");
});

Deno.test("wrong usage and missing permissions", async () => {
  await using folder = await temporaryFolder();
  const cfg = await darknet(folder.path), out = `${folder.path}/a.safetensors`;
  await Deno.mkdir(`${folder.path}/folder.safetensors`);
  const cases: [string[], string][] = [
    [[], "No model given"],
    [[cfg], "No file to write given"],
    [[cfg, "-o", "a.onnx"], 'must end in .safetensors, not "a.onnx"'],
    [[cfg, cfg, "-o", out], "One model at a time"],
    [[cfg, "-o", out, "--fp16"], "did you mean --f16?"],
    [[cfg, "-o", out, "--compiled"], "must end in .program with --compiled"],
    [[cfg, "-o", "a.program", "--compiled", "--f16"], "leave --f16 out"],
    [[cfg, "-o", "a.program"], "must end in .safetensors"],
    [[cfg, "-o", out, "--threads", "2"], "--threads goes with --compiled"],
    [[out, "-o", out], "-o names the model itself"],
    [[cfg, "-o", `${folder.path}/folder.safetensors`], "-o names a folder"],
  ];
  for (const [args, message] of cases) {
    const { code, stderr } = await convert(args);
    assertEquals(code, 2, stderr);
    assertStringIncludes(stderr, message);
  }
  assertStringIncludes((await convert(["--help"])).stdout, "convert.ts MODEL -o OUT.safetensors");
  const denied = await convert([cfg, "-o", out], { allow: ["--allow-read", "--no-prompt"] });
  assertEquals(denied.code, 1);
  assertStringIncludes(denied.stderr, `deno run --allow-read --allow-write convert.ts ${cfg} -o ${out}`);
});
