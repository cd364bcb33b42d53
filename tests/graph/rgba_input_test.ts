/** Networks on the bytes of photos give the bits that they give on floats. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Classifier, compileModel, dump, Session, withRgbaInput } from "../../mod.ts";
import { bytesSource, decodeProgram } from "../../src/compiler/program_file.ts";
import { feed, infer, outputOf } from "../../src/detection/load.ts";
import { ImageError, ModelError, OptionError } from "../../src/errors.ts";
import { readSafetensors, writeSafetensors } from "../../src/formats/safetensors.ts";
import type { Graph } from "../../src/graph/graph.ts";
import type { Preprocessing } from "../../src/graph/model_info.ts";
import type { RgbaTensor, Tensor } from "../../src/tensor.ts";
import type { RawImage } from "../../src/vision/image.ts";
import { graphOf } from "../support/compare.ts";
import { Random, seedOf } from "../support/random.ts";

const WIDTH = 19, HEIGHT = 14;

/** A classifier of four classes, NCHW outside. */
function classifier(rule: Partial<Preprocessing>): Graph {
  const random = new Random(5);
  const graph = graphOf([[1, HEIGHT, WIDTH, 3]], (b, [x]) => {
    b.constant("w", [3, 3, 3, 4], random.tensor([3, 3, 3, 4]).data);
    const attrs = { strides: [2, 2], padding: [1, 1, 1, 1], dilations: [1, 1], groups: 1 } as const;
    const c = b.node("conv2d", "c", attrs, [x, "w"]);
    const pooled = b.node("max_pool", "p", {
      kernel: [7, 10],
      strides: [1, 1],
      padding: [0, 0, 0, 0],
    }, [c]);
    return b.node("reshape", "y", { shape: [1, 4] }, [pooled]);
  });
  return {
    ...graph,
    nchw: ["x0"],
    info: {
      name: "tiny",
      preprocessing: {
        input: "x0",
        width: WIDTH,
        height: HEIGHT,
        resize: "opencv",
        scale: [0.017, 1 / 58.4, 2],
        offset: [-2.1, 3, 0.3],
        ...rule,
      },
      postprocessing: { kind: "softmax", scores: "y", logits: true },
      labels: ["a", "b", "c", "d"].map((name, categoryId) => ({ name, categoryId })),
    },
  };
}

function photoOf(width: number, height: number, channels: 3 | 4, random: Random): RawImage {
  const data = new Uint8Array(width * height * channels).map(() => random.integer(0, 255));
  return { data, width, height, channels };
}

const rules: readonly Partial<Preprocessing>[] = [
  {},
  { channels: "bgr" },
  { antialias: true, resize: "half_pixel", fit: "crop", cropFrom: 16 },
  { fit: "letterbox_top_left", pad: 114, channels: "bgr" },
];

Deno.test("photos of any size and shape give the bits that floats give, compiled ahead or not", async () => {
  const random = new Random(seedOf(91));
  for (const rule of rules) {
    const graph = classifier(rule), spec = graph.info.preprocessing!;
    using floats = await Session.create(graph);
    using loaded = await Classifier.load(graph);
    using compiled = await Classifier.load(await compileModel(withRgbaInput(graph)));
    const input = { name: "x0", shape: [1, HEIGHT, WIDTH, 4], rgba: true };
    for (const { session } of [loaded, compiled]) assertEquals(session.inputs, [input]);
    for (const [width, height] of [[WIDTH, HEIGHT], [40, 31], [7, 33], [16, 16], [WIDTH, 5]]) {
      for (const channels of [3, 4] as const) {
        const image = photoOf(width, height, channels, random);
        feed(image, spec, floats);
        infer(floats);
        for (const found of [loaded, compiled]) {
          await found.classify(image);
          assertEquals(
            outputOf(found.session, "y"),
            outputOf(floats, "y"),
            `seed ${seedOf(91)}, ${JSON.stringify(rule)}, ${width}x${height}x${channels}`,
          );
        }
      }
    }
  }
});

Deno.test("by rules that give no whole bytes a network takes floats, or bytes of its own size", async () => {
  const random = new Random(seedOf(92));
  for (const rule of [{ resize: "tf_bilinear" }, { resize: "align_corners", fit: "letterbox" }] as const) {
    const graph = classifier(rule);
    using floats = await Classifier.load(graph);
    using bytes = await Classifier.load(withRgbaInput(graph));
    assertEquals(floats.session.inputs, [{ name: "x0", shape: [1, 3, HEIGHT, WIDTH] }]);
    for (const channels of [3, 4] as const) {
      const image = photoOf(WIDTH, HEIGHT, channels, random);
      assertEquals((await bytes.classify(image)).classes, (await floats.classify(image)).classes);
    }
    const other = photoOf(WIDTH + 1, HEIGHT, 4, random);
    await floats.classify(other);
    await assertRejects(
      () => bytes.classify(other),
      ImageError,
      `it is 20x14, which does not become whole bytes by "${rule.resize}" and a pad of 0; wanted 19x14`,
    );
  }
});

Deno.test("a session takes the data of ImageData, and tells what it wants instead of anything else", async () => {
  const graph = withRgbaInput(classifier({})), shape = [1, HEIGHT, WIDTH, 4];
  using session = await Session.create(graph);
  const data = new Uint8ClampedArray(HEIGHT * WIDTH * 4).map((_, i) => i * 7);
  const found = session.runSync({ x0: { shape, data } });
  assertEquals(session.runSync({ x0: { shape, data: new Uint8Array(data) } }), found);
  const run = (x0: unknown) => session.runSync({ x0 } as Record<string, Tensor | RgbaTensor>);
  const kind = 'input "x0" is not { shape, data }, of numbers and of a Uint8Array or Uint8ClampedArray';
  assertThrows(() => run({ shape, data: new Float32Array(data) }), OptionError, kind);
  assertThrows(() => run(data), OptionError, kind);
  const wrong = `input "x0" is 1x14x19x3 of 798 values, wanted 1x14x19x4`;
  assertThrows(() => run({ shape: [1, HEIGHT, WIDTH, 3], data: data.subarray(266) }), OptionError, wrong);
  assertThrows(() => session.runSync({}), OptionError, 'input "x0" (1x14x19x4) is missing');
  assert(session.profile(1).some(({ kernel }) => kernel.startsWith("unpacked_implicit_gemm")));
});

Deno.test("bytes as an input are kept in model files and programs, and dumped", async () => {
  const graph = withRgbaInput(classifier({ channels: "bgr" }));
  assertEquals(withRgbaInput(graph), graph);
  const read = readSafetensors(writeSafetensors(graph));
  assertEquals({ ...read, info: graph.info }, graph);
  assert(dump(graph).includes("input x0 1x14x19x1\n"));
  assert(dump(graph).includes('x0_unpacked  unpack_rgba {"scale":[0.017'));
  const program = await decodeProgram(bytesSource(await compileModel(read)));
  using loaded = await Session.load(program);
  using session = await Session.create(graph);
  assertEquals([loaded.inputs, loaded.info], [session.inputs, session.info]);
  const data = new Uint8Array(HEIGHT * WIDTH * 4).map((_, i) => i * 5),
    x0 = { shape: [1, HEIGHT, WIDTH, 4], data };
  assertEquals(loaded.runSync({ x0 }), session.runSync({ x0 }));
});

Deno.test("withRgbaInput keeps names apart, and wants to know the preprocessing", () => {
  const graph = classifier({});
  const renamed: Graph = {
    ...graph,
    nodes: graph.nodes.map((node) => ({
      ...node,
      name: node.name === "c" ? "x0_unpacked" : node.name,
      inputs: node.inputs.map((name) => name === "c" ? "x0_unpacked" : name),
    })),
  };
  assertEquals(withRgbaInput(renamed).nodes.map(({ name }) => name), [
    "x0_unpacked_",
    "x0_unpacked",
    "p",
    "y",
  ]);
  assertThrows(
    () => withRgbaInput({ ...graph, info: { name: "tiny" } }),
    ModelError,
    'Cannot give model "tiny" an input of bytes: its preprocessing is not known',
  );
});
