/** The command line of the classifier as users start it: real processes. */
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { Classifier } from "../mod.ts";
import { buildModel } from "../models/build.ts";
import { writeSafetensors } from "../src/formats/safetensors.ts";
import type { Tensor } from "../src/tensor.ts";
import { type Ended, run, type StartOptions, temporaryFolder } from "./support/process.ts";
import { Random } from "./support/random.ts";
import { stateDictFile } from "./support/safetensors.ts";

const classify = (args: readonly string[], options?: StartOptions): Promise<Ended> =>
  run("classify.ts", args, options);

/** Seeded weights of MobileNetV1 under the keys of its upstream, and the graph that has them. */
function personClassifier() {
  const random = new Random(5), weights = new Map<string, Tensor>();
  const graph = buildModel("mobilenetv1-025-vww", {
    weights(key, shape) {
      const { data } = random.tensor(shape);
      const positive = key.endsWith("running_var") || /\.bn\.weight$/.test(key);
      weights.set(key, {
        shape,
        data: positive ? data.map((x) => Math.abs(x) + 0.5) : data.map((x) => x / 8),
      });
      return weights.get(key)!.data;
    },
  });
  return { graph, weights };
}

const PHOTOS = ["samples/chelsea.png", "samples/coffee.png"];
const samples = new URL("../", import.meta.url);

Deno.test("photos in, classes out: the library's own, in text and JSON", async () => {
  await using folder = await temporaryFolder();
  const { graph } = personClassifier();
  const model = `${folder.path}/person.safetensors`;
  await Deno.writeFile(model, writeSafetensors(graph));
  using classifier = await Classifier.load(graph);
  const expected = await Promise.all(
    PHOTOS.map(async (photo) => await classifier.classify(await Deno.readFile(new URL(photo, samples)))),
  );

  const text = await classify(["--model", model, ...PHOTOS]);
  assertEquals([text.code, text.stderr], [0, ""]);
  const [{ label, score }, second] = expected[0].classes;
  const line = `samples/chelsea.png: 451x300 ${label} ${score.toFixed(2)}, ${second.label} ${
    second.score.toFixed(2)
  }`;
  assertStringIncludes(text.stdout, line);
  assertMatch(text.stdout, /^Speed: .* per image$/m);

  const json = await classify(["--model", model, ...PHOTOS, "--top", "1", "--format", "json"]);
  const results = JSON.parse(json.stdout);
  assertEquals(Object.keys(results[0]), ["source", "width", "height", "model", "classes", "speed"]);
  results.forEach((result: { classes: unknown }, i: number) => {
    const { label, classId, categoryId, score } = expected[i].classes[0];
    assertEquals(result.classes, [{ label, classId, categoryId, score: Math.round(score * 1e4) / 1e4 }]);
  });
});

Deno.test("weights alone are recognised, in the names that Keras gives them; --labels names the classes", async () => {
  await using folder = await temporaryFolder();
  const { graph, weights } = personClassifier();
  const parts: Record<string, string> = {
    weight: "gamma",
    bias: "beta",
    running_mean: "mean",
    running_var: "var",
  };
  const renamed = new Map(
    [...weights].map((
      [key, tensor],
    ) => [key.replace(/\.bn\.(\w+)$/, (_, part) => `.bn.${parts[part]}`), tensor]),
  );
  await Deno.writeFile(`${folder.path}/vww.safetensors`, stateDictFile(renamed));
  await Deno.writeTextFile(`${folder.path}/vww.names`, "empty\nsomebody\n");
  const flags = ["--model", `${folder.path}/vww.safetensors`, "--labels", `${folder.path}/vww.names`];
  const { code, stdout, stderr } = await classify([...flags, PHOTOS[0], "--format", "csv"]);
  assertEquals(code, 0, stderr);
  assertMatch(
    stderr,
    /^\S+vww\.safetensors: weights of mobilenetv1-025-vww, .* 96x96; --size tells another\n$/,
  );
  using classifier = await Classifier.load(graph);
  const { classes } = await classifier.classify(await Deno.readFile(new URL(PHOTOS[0], samples)));
  const rows = classes.map(({ classId, score }) =>
    `${PHOTOS[0]},${["empty", "somebody"][classId]},${classId},${classId},${Math.round(score * 1e4) / 1e4}\n`
  );
  assertEquals(stdout, `source,label,classId,categoryId,score\n${rows.join("")}`);
});

Deno.test("--size chooses another input; a preset says how photos become it", async () => {
  await using folder = await temporaryFolder();
  const { weights } = personClassifier();
  const model = `${folder.path}/vww.safetensors`;
  await Deno.writeFile(model, stateDictFile(weights));
  const { code, stdout } = await classify([
    "-m",
    model,
    "--size",
    "128x64",
    "--preset",
    "imagenet",
    "--profile",
    PHOTOS[0],
  ]);
  assertEquals(code, 0);
  assertMatch(stdout, /^conv2d\S* .* 1x64x128x1 -> 1x32x64x8 /m);
});

Deno.test("help, wrong usage and models that are no classifiers", async () => {
  assertStringIncludes((await classify(["--help"])).stdout, "Usage: deno run --allow-read classify.ts");
  const { graph } = personClassifier();
  await using folder = await temporaryFolder();
  await Deno.writeFile(`${folder.path}/a.safetensors`, writeSafetensors(graph));
  await Deno.writeTextFile(`${folder.path}/a.names`, "one\n");
  const bare = { ...graph, info: { name: "bare" } };
  await Deno.writeFile(`${folder.path}/bare.safetensors`, writeSafetensors(bare));
  const at = (name: string) => `${folder.path}/${name}`;
  const cases: [string[], number, string][] = [
    [[PHOTOS[0]], 2, "No model given"],
    [["-m", at("a.safetensors"), "--tpo", "1", PHOTOS[0]], 2, "did you mean --top?"],
    [["-m", at("none.safetensors"), PHOTOS[0]], 2, "none.safetensors: no such file"],
    [["-m", at("a.safetensors"), "--preset", "imagnet", PHOTOS[0]], 2, "did you mean imagenet?"],
    [["-m", at("a.safetensors"), "--labels", at("a.names"), PHOTOS[0]], 1, "number of labels is 1, wanted 2"],
    [["-m", at("bare.safetensors"), PHOTOS[0]], 1, 'Cannot classify with model "bare"'],
    [["-m", at("a.safetensors"), "none.jpg"], 1, "none.jpg: no such file"],
  ];
  for (const [args, status, message] of cases) {
    const { code, stderr } = await classify(args);
    assertEquals(code, status, stderr);
    assertStringIncludes(stderr, message);
    assertEquals(stderr.trimEnd().split("\n").length, 1, stderr);
  }
});
