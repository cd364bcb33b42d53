import { assert, assertEquals, assertRejects } from "@std/assert";
import { ModelError, SimdetError } from "../../src/errors.ts";
import { readModel } from "../../src/detection/read_model.ts";
import { readTfjs } from "../../src/formats/tfjs.ts";
import type { SsdPostprocessing } from "../../src/graph/model_info.ts";
import { runReference } from "../../src/graph/graph.ts";
import { mutate } from "../support/mutate.ts";
import { mutateJson } from "../support/mutate_json.ts";
import { Random, seedOf } from "../support/random.ts";
import { cocoSsdBytes } from "../weights.ts";

const F = { type: "DT_FLOAT" };

/** A 2x2 convolution with bias and ReLU6 over a 4x4 picture of one channel. */
function model(): { modelTopology: { node: Record<string, unknown>[] }; weightsManifest: unknown[] } {
  const dims = (...sizes: number[]) => ({ shape: { dim: sizes.map((size) => ({ size: `${size}` })) } });
  const constant = (name: string, ...sizes: number[]) => ({
    name,
    op: "Const",
    attr: { dtype: F, value: { tensor: { dtype: "DT_FLOAT", tensorShape: dims(...sizes).shape } } },
  });
  return {
    modelTopology: {
      node: [
        { name: "x", op: "Placeholder", attr: { dtype: F, shape: dims(1, 4, 4, 1) } },
        constant("w", 2, 2, 1, 1),
        constant("b", 1),
        {
          name: "conv",
          op: "Conv2D",
          input: ["x", "w"],
          attr: {
            strides: { list: { i: ["1", "2", "2", "1"] } },
            padding: { s: "VkFMSUQ=" },
            data_format: { s: "TkhXQw==" },
            T: F,
          },
        },
        { name: "bias", op: "BiasAdd", input: ["conv", "b"], attr: { T: F } },
        { name: "y", op: "Relu6", input: ["bias"], attr: { T: F } },
      ],
    },
    weightsManifest: [{
      paths: ["group1-shard1of1"],
      weights: [{ name: "w", shape: [2, 2, 1, 1], dtype: "float32" }, {
        name: "b",
        shape: [1],
        dtype: "float32",
      }],
    }],
  };
}

const shard = new Uint8Array(new Float32Array([1, 2, 3, 4, -5]).buffer);

Deno.test("a small graph model is read and computes", async () => {
  const graph = await readTfjs(model(), () => shard, { name: "small" });
  const data = Float32Array.from({ length: 16 }, (_, i) => i % 4 === 0 ? 0.1 * i : 0);
  const [name] = graph.outputs;
  const input = graph.inputs[0].name;
  const { [name]: y } = runReference(graph, { [input]: { shape: [1, 4, 4, 1], data } });
  // The first pixel of each pair of rows, times 1 and 3, less 5, kept within 0 and 6.
  assertEquals(y.shape, [1, 2, 2, 1]);
  const wanted = [data[0] + 3 * data[4] - 5, -5, data[8] + 3 * data[12] - 5, -5].map((v) =>
    Math.fround(Math.min(6, Math.max(0, v)))
  );
  assertEquals([...y.data].map((v) => Math.round(v * 1e5)), wanted.map((v) => Math.round(v * 1e5)));
});

Deno.test("an operator that no reader knows is named with its node", async () => {
  const json = model();
  json.modelTopology.node[5].op = "FancyOp";
  await assertRejects(() => readTfjs(json, () => shard, { name: "t" }), ModelError, "FancyOp");
  await assertRejects(() => readTfjs(json, () => shard, { name: "t" }), ModelError, '"y"');
});

Deno.test("a shard that is short, and a manifest that lies, are refused", async () => {
  await assertRejects(() => readTfjs(model(), () => shard.subarray(0, 8), { name: "t" }), ModelError);
  const json = model();
  json.weightsManifest = [{ paths: Array.from({ length: 2000 }, () => "s"), weights: [] }];
  await assertRejects(() => readTfjs(json, () => shard, { name: "t" }), ModelError, "at most 1024");
});

Deno.test("shards lie in the folder of their model.json, wherever that is read from", async () => {
  const folder = await Deno.makeTempDir(), inner = `${folder}/model`;
  try {
    await Deno.mkdir(inner);
    await Deno.writeFile(`${folder}/outside`, shard);
    await Deno.writeFile(`${inner}/inside`, shard);
    const read = async (path: string) => {
      const json = {
        ...model(),
        weightsManifest: [{ ...model().weightsManifest[0] as object, paths: [path] }],
      };
      await Deno.writeTextFile(`${inner}/model.json`, JSON.stringify(json));
      return await readModel(new URL(`file://${inner}/model.json`));
    };
    assertEquals((await read("inside")).info.name, "model");
    for (
      const path of [
        "../outside",
        `file://${folder}/outside`,
        "/etc/hostname",
        "http://localhost:1/x",
        "http://[",
      ]
    ) {
      await assertRejects(() => read(path), ModelError, "does not lie in", path);
    }
    await assertRejects(() => read("missing"), ModelError, "Cannot fetch");
    const inline = `data:application/json,${encodeURIComponent(JSON.stringify(model()))}`;
    await assertRejects(() => readModel(inline), ModelError, "does not lie in a folder");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("2,000 mutated models of either kind, and shards: a typed error or a graph", async () => {
  const seed = seedOf(41), random = new Random(seed);
  const keras = JSON.parse(
    await Deno.readTextFile(new URL("../fixtures/tfjs/functional.json", import.meta.url)),
  );
  const kerasShard = Uint8Array.from(atob(keras.weights), (letter) => letter.charCodeAt(0));
  for (const [json, whole] of [[model(), shard], [keras.model, kerasShard]] as const) {
    let legal = 0;
    for (let round = 0; round < 2000; round++) {
      const bytes = random.next() < 0.1 ? mutate(whole, random) : whole;
      try {
        await readTfjs(mutateJson(json, random), () => bytes, { name: "t" });
        legal++;
      } catch (error) {
        assert(
          error instanceof SimdetError,
          `seed ${seed}, round ${round}: ${error instanceof Error ? error.stack : error}`,
        );
      }
    }
    assert(legal > 0 && legal < 2000);
  }
});

Deno.test("2,000 texts of a model.json that are damaged", async () => {
  const seed = seedOf(43), random = new Random(seed);
  const text = new TextEncoder().encode(JSON.stringify(model()));
  for (let round = 0; round < 2000; round++) {
    const mutant = mutate(text, random);
    try {
      await readModel(mutant);
    } catch (error) {
      assert(error instanceof SimdetError, `seed ${seed}, round ${round}: ${(error as Error).stack}`);
    }
  }
});

Deno.test("the COCO model: its pre- and postprocessing are recognised", async () => {
  const { info, inputs } = await readModel(await cocoSsdBytes());
  assertEquals(inputs[0].shape, [1, 300, 300, 3]);
  const { resize, width, height, scale, offset } = info.preprocessing!;
  assertEquals([resize, width, height], ["tf_bilinear", 300, 300]);
  for (const value of scale) assert(Math.abs(value - 2 / 255) < 1e-7);
  for (const value of offset) assert(Math.abs(value + 1) < 1e-6);
  const post = info.postprocessing as SsdPostprocessing;
  assertEquals(post.kind, "ssd");
  assertEquals([post.scales, post.activation, post.background], [[10, 10, 5, 5], "sigmoid", 0]);
  assertEquals(info.labels!.filter((label) => label !== null).length, 80);
});
