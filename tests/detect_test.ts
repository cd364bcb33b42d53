/** The command line as users start it: real processes, real weights. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { bytesSource, decodeProgram, encodeProgram } from "../src/compiler/program_file.ts";
import { type Ended, run, type StartOptions, temporaryFolder } from "./support/process.ts";
import { cocoSsdBytes } from "./weights.ts";

const ROOT = new URL("..", import.meta.url);
const SPEED =
  /^Speed: [\d.]+ms decode, [\d.]+ms preprocess, [\d.]+ms inference, [\d.]+ms postprocess per image$/m;

// The weights are fetched once, before any process looks for them.
await cocoSsdBytes();

const detect = (args: readonly string[], options?: StartOptions): Promise<Ended> =>
  run("detect.ts", args, options);

Deno.test("a local photo: one line, a speed line, nothing but --allow-read", async () => {
  const { code, stdout, stderr } = await detect(["samples/chelsea.png"]);
  assertEquals([code, stderr], [0, ""]);
  assertMatch(stdout.split("\n")[0], /^samples\/chelsea\.png: 451x300 1 cat, [\d.]+ms$/);
  assertMatch(stdout, SPEED);
});

Deno.test("a folder, a glob and a photo on standard input", async () => {
  const folder = await detect(["samples"]);
  assertEquals(folder.code, 0);
  assertEquals(folder.stdout.trimEnd().split("\n").length, 6);
  assertStringIncludes(folder.stdout, "512x640 1 person, 1 motorcycle");
  assertStringIncludes(folder.stdout, "640x427 no detections");
  const glob = await detect(["samples/*.png", "--format", "jsonl"]);
  assertEquals(glob.stdout.trimEnd().split("\n").map((line) => JSON.parse(line).source), [
    "samples/chelsea.png",
    "samples/coffee.png",
  ]);
  const stdin = await detect(["-", "-"], { stdin: await Deno.readFile(new URL("samples/coffee.png", ROOT)) });
  assertMatch(stdin.stdout, /^stdin: 600x400 1 cup, 1 dining table, /);
  assertEquals([stdin.code, stdin.stderr], [
    1,
    "stdin: standard input holds one picture, which is read already\n",
  ]);
});

Deno.test("--format json prints one array, fields in order, and nothing else on standard output", async () => {
  const { code, stdout } = await detect(["samples/chelsea.png", "samples/coffee.png", "--format", "json"]);
  const [cat, cup] = JSON.parse(stdout);
  assertEquals(code, 0);
  assertEquals(Object.keys(cat), ["source", "width", "height", "model", "detections", "speed"]);
  assertEquals(Object.keys(cat.detections[0]), ["label", "classId", "categoryId", "score", "box"]);
  assertEquals(Object.keys(cat.detections[0].box), ["x", "y", "width", "height"]);
  assertEquals(Object.keys(cat.speed), ["decode", "preprocess", "inference", "postprocess"]);
  assertEquals([cat.source, cat.width, cat.height, cat.model], [
    "samples/chelsea.png",
    451,
    300,
    "ssdlite-mobilenetv2-coco",
  ]);
  assertEquals([cat.detections[0].label, cat.detections[0].classId, cat.detections[0].categoryId], [
    "cat",
    15,
    17,
  ]);
  assertEquals(cup.detections.map((d: { label: string }) => d.label), ["cup", "dining table"]);
});

Deno.test("csv, coco and yolo", async () => {
  const csv = await detect(["samples/chelsea.png", "--format", "csv"]);
  assertMatch(csv.stdout, /^source,.*\nsamples\/chelsea\.png,.*cat/);
  const coco = JSON.parse((await detect(["samples/chelsea.png", "--format", "coco"])).stdout);
  assertEquals(coco[0].category_id, 17);
  assertEquals(coco[0].bbox.length, 4);
  const yolo = await detect(["samples/chelsea.png", "--format", "yolo"]);
  assertMatch(yolo.stdout, /^15 0\.\d+ 0\.\d+ 0\.\d+ 0\.\d+/m);
});

Deno.test("--classes, --conf and --max-det decide what is shown", async () => {
  const photo = "samples/coco_train_000000000086.jpg";
  const lines = async (...flags: string[]) => {
    const { stdout } = await detect([photo, "--format", "jsonl", ...flags]);
    return JSON.parse(stdout).detections.map((d: { label: string }) => d.label);
  };
  assertEquals(await lines("--classes", "motorcycle"), ["motorcycle"]);
  assertEquals(await lines("--conf", "0.99"), []);
  assertEquals((await lines("--max-det", "1", "--conf", "0.1")).length, 1);
});

Deno.test("--save writes annotated copies, and says so on standard error", async () => {
  await using folder = await temporaryFolder();
  const allow = ["--allow-read", "--allow-write"];
  const { code, stderr } = await detect(
    ["samples/chelsea.png", "samples/coffee.png", "--save", folder.path],
    { allow },
  );
  assertEquals(code, 0);
  assertStringIncludes(stderr, `2 pictures saved to ${folder.path}`);
  const { decodeImage } = await import("../src/vision/decode.ts");
  const saved = await decodeImage(await Deno.readFile(`${folder.path}/chelsea.png`));
  const original = await decodeImage(await Deno.readFile(new URL("samples/chelsea.png", ROOT)));
  assertEquals([saved.width, saved.height], [original.width, original.height]);
  assert(saved.data.some((value, i) => value !== original.data[i]));
});

Deno.test("--profile prints every layer with its kernel and share of the peak", async () => {
  const { code, stdout } = await detect(["samples/chelsea.png", "--profile", "--threads", "2"]);
  assertEquals(code, 0);
  assertMatch(stdout, /layer +kernel +in -> out +MMAC +ms +GMAC\/s +peak/);
  assertMatch(stdout, /gemm_\d+x\d+ .*%/);
  assertMatch(stdout, /depthwise_3x3/);
  assertMatch(stdout, /^threads: 2; peaks: [\d.]+ GMAC\/s, [\d.]+ of 8-bit integers; copies .*\n$/m);
});

Deno.test("the same detections on 1, 2 and 4 threads", async () => {
  const results = await Promise.all(["1", "2", "4"].map(async (threads) => {
    const { stdout } = await detect(["samples", "samples", "--format", "jsonl", "--threads", threads]);
    return stdout.trimEnd().split("\n").map((line) => JSON.parse(line).detections);
  }));
  assertEquals(results[1], results[0]);
  assertEquals(results[2], results[0]);
});

Deno.test("--help, --version and --list-models", async () => {
  assertStringIncludes((await detect(["--help"])).stdout, "Usage: deno run --allow-read detect.ts");
  assertMatch((await detect(["--version"])).stdout, /^simdet \d+\.\d+\.\d+\n$/);
  const { stdout } = await detect(["--list-models"]);
  assertStringIncludes(stdout, "ssdlite-mobilenetv2-coco");
});

Deno.test("wrong usage ends with 2 and names what was meant", async () => {
  const cases: [string[], string][] = [
    [["--modle", "x", "a.jpg"], "did you mean --model?"],
    [["--model", "ssdlite-mobilnetv2-coco", "samples"], "did you mean ssdlite-mobilenetv2-coco?"],
    [["--conf", "2", "samples"], '--conf must be a number from 0 to 1, not "2"'],
    [["--classes", "dgo", "samples"], 'did you mean "dog"?'],
    [["--format", "jsn", "samples"], "did you mean json?"],
    [[], "No photo given"],
  ];
  for (const [args, message] of cases) {
    const { code, stdout, stderr } = await detect(args);
    assertEquals([code, stdout], [2, ""], args.join(" "));
    assertStringIncludes(stderr, message);
    assertEquals(stderr.includes("    at "), false, "no stack trace");
  }
});

Deno.test("a missing permission prints the command that works", async () => {
  const none = await detect(["samples/chelsea.png"], { allow: ["--no-prompt"] });
  assertEquals(none.code, 1);
  assertStringIncludes(none.stderr, "Run it as: deno run --allow-read detect.ts samples/chelsea.png");
  const save = await detect(["samples/chelsea.png", "--save"], { allow: ["--allow-read", "--no-prompt"] });
  assertStringIncludes(
    save.stderr,
    "deno run --allow-read --allow-write detect.ts samples/chelsea.png --save",
  );
});

Deno.test("a broken source costs one line and exit status 1; the others are still done", async () => {
  await using folder = await temporaryFolder();
  const jpeg = await Deno.readFile(new URL("samples/rocket.jpg", ROOT));
  const header = new Uint8Array(33);
  header.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52]);
  new DataView(header.buffer).setUint32(16, 40000);
  new DataView(header.buffer).setUint32(20, 40000);
  header.set([8, 6], 24);
  const files: [string, Uint8Array, RegExp][] = [
    ["cut.jpg", jpeg.subarray(0, jpeg.length / 2), /cut off after/],
    ["text.jpg", new TextEncoder().encode("no picture at all\n"), /it is text, wanted a JPEG, PNG or WebP/],
    ["empty.png", new Uint8Array(), /it is empty/],
    ["huge.png", header, /40000x40000 is more than/],
  ];
  for (const [name, bytes] of files) await Deno.writeFile(`${folder.path}/${name}`, bytes);
  const paths = files.map(([name]) => `${folder.path}/${name}`);
  const { code, stdout, stderr } = await detect([...paths, `${folder.path}/none.jpg`, "samples/chelsea.png"]);
  assertEquals(code, 1);
  assertStringIncludes(stdout, "451x300 1 cat");
  const lines = stderr.trimEnd().split("\n");
  assertEquals(lines.length, 5);
  files.forEach(([name, , message], i) => {
    assertStringIncludes(lines[i], name);
    assertMatch(lines[i], message);
  });
});

Deno.test("a broken model file is one line and exit status 1", async () => {
  await using folder = await temporaryFolder();
  const bytes = await cocoSsdBytes();
  await Deno.writeFile(`${folder.path}/half.safetensors`, bytes.subarray(0, bytes.length / 2));
  const lying = bytes.slice();
  const header = new TextDecoder().decode(
    lying.subarray(8, 8 + Number(new DataView(lying.buffer).getBigUint64(0, true))),
  );
  const at = header.indexOf('"data_offsets":[') + 16 + 8;
  lying[at] = lying[at] === 0x39 ? 0x38 : 0x39;
  await Deno.writeFile(`${folder.path}/lying.safetensors`, lying);
  for (const name of ["half", "lying"]) {
    const { code, stderr } = await detect([
      "samples/chelsea.png",
      "--model",
      `${folder.path}/${name}.safetensors`,
    ]);
    assertEquals(code, 1);
    assertEquals(stderr.trimEnd().split("\n").length, 1, stderr);
    assertMatch(stderr, /Cannot read safetensors/);
  }
});

Deno.test("a photo from a web server", async () => {
  const photo = await Deno.readFile(new URL("samples/chelsea.png", ROOT));
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    (request) =>
      new URL(request.url).pathname === "/cat.png"
        ? new Response(photo)
        : new Response("no", { status: 404 }),
  );
  const { port } = server.addr as Deno.NetAddr;
  const base = `http://127.0.0.1:${port}`;
  const { code, stdout, stderr } = await detect([`${base}/cat.png`, `${base}/dog.png`], {
    allow: ["--allow-read", "--allow-net"],
  });
  assertEquals(code, 1);
  assertMatch(stdout, /cat\.png: 451x300 1 cat/);
  assertMatch(stderr, /dog\.png.*404/);
});

Deno.test("a compiled program that is damaged or older than the weights is passed over, and made anew", async () => {
  await using folder = await temporaryFolder();
  const [weights, program] = ["safetensors", "program"].map((end) =>
    `${folder.path}/ssdlite-mobilenetv2-coco.${end}`
  );
  await Deno.writeFile(weights, await cocoSsdBytes());
  const look = async (...allow: string[]) => {
    const { code, stdout, stderr } = await detect(["samples/chelsea.png"], {
      allow: ["--allow-read", "--allow-env=SIMDET_CACHE", ...allow],
      env: { SIMDET_CACHE: folder.path },
    });
    assertEquals([code, stderr], [0, ""]);
    assertMatch(stdout, /1 cat/);
  };
  await look(`--allow-write=${folder.path}`);
  const whole = await Deno.readFile(program);
  const damaged = whole.slice();
  damaged[whole.length >> 1] ^= 1;
  for (
    const bytes of [damaged, whole.subarray(0, 1000), whole.subarray(0, whole.length - 1), new Uint8Array()]
  ) {
    await Deno.writeFile(program, bytes);
    await look();
    assertEquals((await Deno.readFile(program)).length, bytes.length);
  }
  await look(`--allow-write=${folder.path}`);
  assertEquals((await Deno.readFile(program)).length, whole.length);
});

Deno.test("a compiled program of another release is made anew, by a look at many photos too", async () => {
  await using folder = await temporaryFolder();
  const [weights, path] = ["safetensors", "program"].map((end) =>
    `${folder.path}/ssdlite-mobilenetv2-coco.${end}`
  );
  await Deno.writeFile(weights, await cocoSsdBytes());
  const look = async (...sources: string[]) => {
    const { code, stderr } = await detect([...sources, "--threads", "2"], {
      allow: ["--allow-read", "--allow-env=SIMDET_CACHE", `--allow-write=${folder.path}`],
      env: { SIMDET_CACHE: folder.path },
    });
    assertEquals([code, stderr], [0, ""]);
    return await Deno.readFile(path);
  };
  const current = await look("samples/chelsea.png", "samples/coffee.png");
  const program = await decodeProgram(bytesSource(current));
  const old = { ...program, target: { ...program.target, kernels: "of another release" } };
  await Deno.writeFile(path, await encodeProgram(old));
  assertEquals(await look("samples/chelsea.png", "samples/coffee.png"), current);
  const { mtime } = await Deno.stat(path);
  await look("samples/chelsea.png", "samples/coffee.png");
  assertEquals((await Deno.stat(path)).mtime, mtime, "a program that fits stays");
});

Deno.test("weights that were altered are found out by their hash", async () => {
  await using folder = await temporaryFolder();
  const bytes = (await cocoSsdBytes()).slice();
  bytes[bytes.length >> 1] ^= 1;
  await Deno.writeFile(`${folder.path}/ssdlite-mobilenetv2-coco.safetensors`, bytes);
  const { code, stderr } = await detect(["samples/chelsea.png"], {
    allow: ["--allow-read", "--allow-env=SIMDET_CACHE"],
    env: { SIMDET_CACHE: folder.path },
  });
  assertEquals(code, 1);
  assertStringIncludes(stderr, "is corrupt: its SHA-256 is");
});
