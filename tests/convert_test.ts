/** The converter as users start it: real processes. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { readModel } from "../src/detection/read_model.ts";
import { parseSafetensors } from "../src/formats/safetensors.ts";
import { type Ended, run, type StartOptions, temporaryFolder } from "./support/process.ts";
import { Random } from "./support/random.ts";

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
  assertMatch(stdout, /^0\.norm +\S+ +1x32x64x3 -> 1x16x32x16 +0\.22$/m);
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
  const cases: [string[], string][] = [
    [[], "No model given"],
    [[cfg], "No file to write given"],
    [[cfg, "-o", "a.onnx"], 'must end in .safetensors, not "a.onnx"'],
    [[cfg, cfg, "-o", out], "One model at a time"],
    [[cfg, "-o", out, "--fp16"], "did you mean --f16?"],
    [[out, "-o", out], "-o names the model itself"],
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
