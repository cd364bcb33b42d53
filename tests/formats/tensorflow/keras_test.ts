/** Layers models that TensorFlow.js saved, and what it computed of them. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Session } from "../../../mod.ts";
import { SimdetError } from "../../../src/errors.ts";
import { readTfjs } from "../../../src/formats/tfjs.ts";
import { elements, type Tensor } from "../../../src/tensor.ts";
import { errorOf } from "../../support/compare.ts";
import { Random } from "../../support/random.ts";

interface Saved {
  readonly model: { modelTopology: Record<string, unknown>; weightsManifest: unknown[] };
  readonly weights: string;
  readonly input: number[];
  readonly outputs: Tensor[];
}

const saved = async (name: string): Promise<Saved> =>
  JSON.parse(await Deno.readTextFile(new URL(`../../fixtures/tfjs/${name}.json`, import.meta.url)));

const shardOf = ({ weights }: Saved) => Uint8Array.from(atob(weights), (letter) => letter.charCodeAt(0));

for (
  const [name, holds] of Object.entries({
    functional: "every layer, with branches",
    nested: "models in a model, as Teachable Machine saves them",
    shared: "a layer that runs twice, two outputs",
  })
) {
  Deno.test(`${name}: ${holds}`, async () => {
    const file = await saved(name), random = new Random(7);
    const graph = await readTfjs(file.model, () => shardOf(file), { name });
    const data = Float32Array.from({ length: elements(file.input) }, () => random.next() * 2 - 1);
    using session = await Session.create(graph);
    const found = session.runSync({ [graph.inputs[0].name]: { shape: file.input, data } });
    assertEquals(graph.outputs.length, file.outputs.length);
    graph.outputs.forEach((output, i) => {
      assertEquals(found[output].shape, file.outputs[i].shape);
      const error = errorOf(found[output].data, file.outputs[i].data);
      assert(error < 5e-6, `${output} is off by ${error}`);
    });
  });
}

Deno.test("the softmax at the end makes a classifier of it", async () => {
  const file = await saved("nested");
  const { info, outputs } = await readTfjs(file.model, () => shardOf(file), { name: "n" });
  assertEquals(info.postprocessing, { kind: "softmax", scores: outputs[0], logits: false });
});

/** One layer after the input. */
const one = (className: string, config: Record<string, unknown>, input: unknown = [null, 8, 8, 3]) => ({
  modelTopology: {
    class_name: "Sequential",
    config: {
      layers: [{ class_name: className, config: { name: "odd", batch_input_shape: input, ...config } }],
    },
  },
  weightsManifest: [],
});

Deno.test("what cannot be read is named with its layer", async () => {
  const cases: [unknown, string][] = [
    [one("LSTM", {}), 'layer "odd" (LSTM): the layer is not supported'],
    [one("constructor", {}), "(constructor): the layer is not supported"],
    [one("Conv2D", {}), 'its weight "kernel" is missing'],
    [one("Activation", { activation: "sine" }), 'its activation is "sine"'],
    [one("Activation", { activation: "toString" }), 'its activation is "toString"'],
    [one("ReLU", { threshold: 1 }), "its threshold is 1"],
    [one("MaxPooling2D", { pool_size: "2" }), 'pool_size is "2"'],
    [one("MaxPooling2D", { data_format: "channels_first" }), "channels_first"],
    [one("ReLU", {}, [null, null, null, 3]), "give an input size"],
    [one("ReLU", {}, [null, 1e9, 1e9, 3]), "at most"],
    [one("Reshape", { target_shape: [5, 7] }), "does not hold as many values"],
    [one("Cropping2D", { cropping: [[5, 5], [0, 0]] }), "does not lie within"],
    [{ ...one("ReLU", {}), modelTopology: { class_name: "Sequential", config: [] } }, "it has no layers"],
  ];
  for (const [json, message] of cases) {
    await assertRejects(() => readTfjs(json, () => new Uint8Array(), { name: "t" }), SimdetError, message);
  }
  const open = await readTfjs(one("ReLU", {}, [null, null, null, 3]), () => new Uint8Array(), { name: "t" }, [
    9,
    5,
  ]);
  assertEquals(open.inputs[0].shape, [1, 9, 5, 3]);
  let deep: unknown = { class_name: "ReLU", config: {} };
  for (let i = 0; i < 1000; i++) deep = { class_name: "Sequential", config: { layers: [deep] } };
  const nested = { modelTopology: deep, weightsManifest: [] };
  await assertRejects(
    () => readTfjs(nested, () => new Uint8Array(), { name: "t" }),
    SimdetError,
    "without end",
  );
});

/** Calls as Keras 3 tells them. */
function inKeras3(json: Saved["model"]): unknown {
  const copy = structuredClone(json);
  const { config } = copy.modelTopology as { config: { layers: { inbound_nodes: unknown[][][] }[] } };
  for (const layer of config.layers) {
    const runs = layer.inbound_nodes.map((run) => {
      const tensors = run.map(([name, node, output]) => ({
        class_name: "__keras_tensor__",
        config: { shape: [null, 1], dtype: "float32", keras_history: [name, node, output] },
      }));
      return { args: tensors.length > 1 ? [tensors] : tensors, kwargs: {} };
    });
    Object.assign(layer, { inbound_nodes: runs });
  }
  return copy;
}

Deno.test("calls as Keras 3 tells them are read alike", async () => {
  for (const name of ["functional", "shared"]) {
    const file = await saved(name);
    const graph = await readTfjs(file.model, () => shardOf(file), { name });
    assertEquals(await readTfjs(inKeras3(file.model), () => shardOf(file), { name }), graph);
  }
});

Deno.test("layers that read what is never made", async () => {
  const { model, weights } = await saved("shared");
  const text = JSON.stringify(model).replaceAll('"shared",0,0', '"shared",5,0');
  const shard = () => shardOf({ weights } as Saved);
  await assertRejects(
    () => readTfjs(JSON.parse(text), shard, { name: "t" }),
    SimdetError,
    "it reads what is never made",
  );
});
