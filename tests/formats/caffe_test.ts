import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Detector, Session } from "../../mod.ts";
import { decodeSsd } from "../../src/detection/ssd.ts";
import { nms } from "../../src/detection/nms.ts";
import { SimdetError } from "../../src/errors.ts";
import { readCaffe } from "../../src/formats/caffe.ts";
import { readFile } from "../../src/formats/read.ts";
import { parseSafetensors } from "../../src/formats/safetensors.ts";
import { check, type Graph, macsOf, runReference } from "../../src/graph/graph.ts";
import type { SsdPostprocessing } from "../../src/graph/model_info.ts";
import { applyPreset } from "../../models/presets.ts";
import { elements, type Tensor } from "../../src/tensor.ts";
import { caffemodel, hashedLayers, type Style } from "../support/caffemodel.ts";
import { errorOf } from "../support/compare.ts";
import { fixture } from "../support/fixtures.ts";
import { hashedInput } from "../support/hash.ts";
import { mutate } from "../support/mutate.ts";
import { Random, seedOf } from "../support/random.ts";

const text = new TextDecoder(), bytes = new TextEncoder();
const info = { name: "test" };

/** Hash-generated layers, and what OpenCV makes of them. */
async function golden(name: string) {
  const { tensors, metadata } = parseSafetensors(await fixture(`caffe/${name}.safetensors`));
  return {
    layers: hashedLayers(JSON.parse(metadata.keys as string), Number(metadata.gain)),
    expected: tensors,
  };
}

const pelee = await golden("pelee");
const PELEE = text.decode(await fixture("caffe/pelee_voc_deploy_merged.prototxt"));
const peleeGraph = readCaffe(PELEE, caffemodel(pelee.layers), { info: { name: "pelee" } });
const peleePost = peleeGraph.info.postprocessing as SsdPostprocessing;

const tiny = await golden("tiny");
const TINY = text.decode(await fixture("caffe/tiny.prototxt"));

Deno.test("Pelee's raw heads, boxes and detections are OpenCV's, its priors the prototxt's", async () => {
  using session = await Session.create(peleeGraph);
  const outputs = await session.run({ data: hashedInput([1, 3, 304, 304]) });
  const strided = (values: Float32Array, step: number) => values.filter((_, i) => i % step === 5);
  assert(errorOf(strided(outputs.mbox_loc.data, 7), pelee.expected.get("mbox_loc")!.data) < 2e-5);
  assert(errorOf(strided(outputs.mbox_conf.data, 13), pelee.expected.get("mbox_conf")!.data) < 2e-5);

  const { data: priors } = peleeGraph.constants.get(peleePost.priors)!;
  // Ours are (ymin, xmin, ymax, xmax), Caffe's begin with x.
  const columnsFirst = priors.map((_, i) => priors[i ^ 1]);
  const expected = pelee.expected.get("priors")!.data;
  strided(columnsFirst, 7).forEach((value, i) => assertAlmostEquals(value, expected[i], 1e-6));
  assertEquals(priors.length, 5142 * 4);

  const heads = { boxes: outputs[peleePost.boxes].data, scores: outputs[peleePost.scores].data, priors };
  const kept = nms(decodeSsd(heads, peleePost, 0.4, () => true), peleePost.iou, false, session);
  const rows = pelee.expected.get("detection_out")!.data;
  assertEquals(kept.length, rows.length / 7);
  const left = new Set(kept);
  for (let i = 0; i < rows.length; i += 7) {
    const [, label, score, ...corners] = rows.subarray(i, i + 7);
    const same = [...left].find((found) =>
      found.label === label - 1 && Math.abs(found.score - score) < 1e-5 &&
      found.box.every((value, k) => Math.abs(value - corners[k]) < 5e-5)
    );
    assert(same, `row ${i / 7} of class ${label}, score ${score} was not found`);
    left.delete(same!);
  }
});

Deno.test("Pelee's own words: thresholds, variances, multiply-adds", () => {
  const { boxes: _boxes, scores: _scores, priors: _priors, scales, ...rest } = peleePost;
  assertEquals(rest, {
    kind: "ssd",
    order: "xywh",
    activation: "softmax",
    background: 0,
    threshold: 0.00999999977648,
    iou: 0.449999988079,
    maxDetections: 200,
  });
  [10, 10, 5, 5].forEach((scale, i) => assertAlmostEquals(scales[i], scale, 1e-6));
  const shapes = check(peleeGraph);
  assertEquals(peleeGraph.nodes.reduce((sum, node) => sum + macsOf(node, shapes), 0), 1204968960);
});

Deno.test("a detector of a Caffe network: preprocessing and labels by a preset, boxes in the photo", async () => {
  const graph = applyPreset(peleeGraph, "pelee");
  using detector = await Detector.load(graph);
  assertEquals(detector.info.labels.length, 20);
  const photo = await fixture("detections/coco_train_000000000086.png");
  const { detections, width, height } = await detector.detect(photo, { threshold: 0.3, maxDetections: 50 });
  assert(detections.length > 0);
  assert(detections.every(({ label }) => graph.info.labels!.some((known) => known?.name === label)));
  for (const { box } of detections) {
    assert(box.x >= 0 && box.y >= 0 && box.x + box.width <= width && box.y + box.height <= height);
  }
});

for (const style of ["new", "legacy_extents"] satisfies Style[]) {
  Deno.test(`a network of common layers, weights in a file of ${style}`, async () => {
    const graph = await readFile(bytes.encode(TINY), { weights: caffemodel(tiny.layers, style) }) as Graph;
    const names = [...tiny.expected.keys()].filter((name) => name !== "fc");
    const maps = names.filter((name) => tiny.expected.get(name)!.shape.length === 4);
    using session = await Session.create({
      ...graph,
      outputs: names,
      nchw: [...graph.nchw!, ...maps],
    });
    const outputs = await session.run({ data: hashedInput([1, 3, 33, 29]) });
    for (const name of names) {
      const error = errorOf(outputs[name].data, tiny.expected.get(name)!.data);
      assert(error < 5e-6, `${name} is off by ${error}`);
      assertEquals(outputs[name].shape, tiny.expected.get(name)!.shape);
    }
    assertEquals(graph.info.postprocessing, { kind: "softmax", scores: "prob", logits: false });
  });
}

Deno.test("layers of before 2014, in both files", () => {
  const old = `name: "old" input: "data" input_dim: 1 input_dim: 2 input_dim: 4 input_dim: 4
    layers { bottom: "data" top: "c" name: "c" type: CONVOLUTION blobs_lr: 1 convolution_param { num_output: 1 kernel_size: 1 } }
    layers { bottom: "c" top: "c" name: "r" type: RELU }
    layers { bottom: "c" top: "p" name: "p" type: POOLING pooling_param { pool: AVE kernel_size: 4 } }
    layers { bottom: "p" top: "i" name: "i" type: INNER_PRODUCT inner_product_param { num_output: 2 } }
    layers { bottom: "i" top: "s" name: "s" type: SOFTMAX }
    layers { bottom: "s" bottom: "label" top: "l" name: "l" type: SOFTMAX_LOSS include: { phase: TRAIN } }`;
  const tensor = (shape: number[], ...values: number[]) => ({ shape, data: Float32Array.from(values) });
  const weights = caffemodel(
    new Map([
      ["c", [tensor([1, 2, 1, 1], 2, -1), tensor([1], 0.5)]],
      ["i", [tensor([2, 1], 1, -1), tensor([2], 0, 0)]],
    ]),
    "old_layers",
  );
  const graph = readCaffe(old, weights, { info });
  const data = Float32Array.from({ length: 32 }, (_, i) => i / 10);
  const { s } = runReference(graph, { data: { shape: [1, 4, 4, 2], data } });
  // Each pixel holds (v, v + 0.1): 2v - (v + 0.1) + 0.5, whose mean is 1.9.
  const mean = 1.9, odds = Math.exp(2 * mean);
  assertAlmostEquals(s.data[0], odds / (1 + odds), 1e-6);
});

/** A network of layers without weights over an input `[1, 2, 5, 4]`, and what it makes of numbers in order. */
function run(layers: string, dims = [1, 2, 5, 4]): { x: Tensor; y: Tensor; graph: Graph } {
  const graph = bare(layers, dims);
  const [n, c, h, w] = dims;
  const x = {
    shape: [n, h, w, c],
    data: Float32Array.from({ length: elements(dims) }, (_, i) => Math.sin(i * 5) * 3),
  };
  return { x, y: runReference(graph, { data: x })[graph.outputs[0]], graph };
}

const NO_WEIGHTS = caffemodel(
  new Map([["nothing", [{ shape: [1], data: Float32Array.of(1) }]], ["norm", [{
    shape: [2],
    data: Float32Array.of(2, 3),
  }]]]),
);

function bare(layers: string, dims = [1, 2, 5, 4]): Graph {
  const input = `input: "data" input_shape { ${dims.map((dim) => `dim: ${dim}`).join(" ")} }`;
  return readCaffe(`${input}\n${layers}`, NO_WEIGHTS, { info });
}

const layer = (type: string, param = "", tops = '"y"', bottoms = '"data"') =>
  `layer { name: "${type.toLowerCase()}" type: "${type}" ${
    bottoms.split(" ").map((name) => `bottom: ${name}`).join(" ")
  } ${tops.split(" ").map((name) => `top: ${name}`).join(" ")} ${param} }\n`;

/** The value that Caffe sees at `[0, c, y, x]` of a map `[1, h, w, c]`. */
const at = ({ shape: [, , w, channels], data }: Tensor, c: number, y: number, x: number) =>
  data[(y * w + x) * channels + c];

Deno.test("pooling rounds up; its averages count the padding, but not what rounding adds", () => {
  for (const [kernel, stride, pad] of [[2, 2, 0], [3, 2, 0], [3, 2, 1], [3, 3, 1], [2, 3, 1]]) {
    for (const kind of ["MAX", "AVE"]) {
      const param = `pooling_param { pool: ${kind} kernel_size: ${kernel} stride: ${stride} pad: ${pad} }`;
      const { x, y } = run(layer("Pooling", param));
      const [, h, w] = x.shape;
      const size = (extent: number) => {
        const count = Math.ceil((extent + 2 * pad - kernel) / stride) + 1;
        return pad > 0 && (count - 1) * stride >= extent + pad ? count - 1 : count;
      };
      assertEquals(y.shape, [1, size(h), size(w), 2]);
      for (let i = 0; i < y.data.length; i++) {
        const c = i % 2, column = (i >> 1) % y.shape[2], row = Math.floor((i >> 1) / y.shape[2]);
        const top = row * stride - pad, left = column * stride - pad;
        const bottom = Math.min(top + kernel, h + pad), right = Math.min(left + kernel, w + pad);
        let sum = 0, best = -Infinity;
        for (let r = Math.max(0, top); r < Math.min(h, bottom); r++) {
          for (let q = Math.max(0, left); q < Math.min(w, right); q++) {
            sum += at(x, c, r, q);
            best = Math.max(best, at(x, c, r, q));
          }
        }
        const expected = kind === "MAX" ? best : sum / ((bottom - top) * (right - left));
        assertAlmostEquals(y.data[i], expected, 1e-5, `${param}, value ${i}`);
      }
    }
  }
});

Deno.test("Slice at points and in equal pieces, Concat, Eltwise, Silence", () => {
  const cut = run(
    layer("Slice", "slice_param { axis: 2 slice_point: 1 slice_point: 3 }", '"a" "y" "c"') +
      layer("Silence", "", '"none"', '"a" "c"').replace('top: "none"', ""),
  );
  assertEquals(cut.graph.outputs.length, 1);
  assertEquals(cut.y.shape, [1, 2, 4, 2]);
  assertEquals(cut.y.data, cut.x.data.slice(8, 24));
  const joined = run(
    layer("Slice", "", '"a" "b"') + layer("Concat", "", '"y"', '"b" "a"') +
      layer("Eltwise", "eltwise_param { operation: MAX }", '"z"', '"y" "data"'),
  );
  joined.y.data.forEach((value, i) => assertEquals(value, Math.max(joined.x.data[i], joined.x.data[i ^ 1])));
});

Deno.test("Permute, Flatten and Reshape order values as Caffe does", () => {
  const { x, y } = run(layer("Flatten"));
  assertEquals(y.shape, [1, 40]);
  y.data.forEach((value, i) => assertEquals(value, at(x, Math.floor(i / 20), Math.floor(i / 4) % 5, i % 4)));
  const moved = run(
    layer("Permute", "permute_param { order: 0 order: 2 order: 3 order: 1 }", '"p"') +
      layer("Reshape", "reshape_param { shape { dim: 0 dim: -1 dim: 2 } }", '"y"', '"p"'),
  );
  assertEquals(moved.y.shape, [1, 20, 2]);
  assertEquals(moved.y.data, moved.x.data);
  const turned = run(layer("Permute", "permute_param { order: 0 order: 3 order: 1 order: 2 }"));
  assertEquals(turned.y.shape, [1, 4, 2, 5]);
  turned.y.data.forEach((value, i) =>
    assertEquals(value, at(turned.x, Math.floor(i / 5) % 2, i % 5, Math.floor(i / 10)))
  );
});

Deno.test("Normalize scales vectors of channels; activations", () => {
  const norm = layer("Normalize", "norm_param { across_spatial: false channel_shared: false }").replace(
    '"normalize"',
    '"norm"',
  );
  const { x, y } = run(norm);
  y.data.forEach((value, i) => {
    const length = Math.hypot(x.data[i & ~1], x.data[i | 1]);
    assertAlmostEquals(value, (i % 2 ? 3 : 2) * x.data[i] / length, 1e-5);
  });
  const rules: [string, (v: number) => number][] = [
    [layer("ReLU"), (v) => Math.max(0, v)],
    [layer("ReLU", "relu_param { negative_slope: 0.25 }"), (v) => v > 0 ? v : v / 4],
    [layer("ReLU6"), (v) => Math.min(6, Math.max(0, v))],
    [layer("TanH"), Math.tanh],
    [layer("Sigmoid"), (v) => 1 / (1 + Math.exp(-v))],
  ];
  for (const [layers, rule] of rules) {
    const activated = run(layers + layer("Dropout", "", '"z"', '"y"'));
    activated.y.data.forEach((value, i) => assertAlmostEquals(value, rule(activated.x.data[i]), 1e-6));
  }
});

Deno.test("the network that a test file describes, with its preprocessing", () => {
  const net = `
    layer { name: "data" type: "AnnotatedData" top: "data" top: "label" include { phase: TRAIN } }
    layer { name: "data" type: "AnnotatedData" top: "data" top: "label" include { phase: TEST }
      transform_param { scale: 0.5 mean_value: 10 mean_value: 20 mean_value: 30 resize_param { height: 6 width: 4 } } }
    ${layer("Pooling", "pooling_param { pool: AVE global_pooling: true }")}
    ${layer("Accuracy", "", '"accuracy"', '"y" "label"')}`;
  const graph = readCaffe(net, NO_WEIGHTS, { info });
  assertEquals(graph.info.preprocessing, {
    input: "data",
    height: 6,
    width: 4,
    resize: "opencv",
    channels: "bgr",
    scale: [0.5, 0.5, 0.5],
    offset: [-5, -10, -15],
  });
  assertEquals(graph.outputs, ["pooling"]);
});

Deno.test("what a prototxt lies about earns an error that names the layer, what it says and what is right", () => {
  const cases: [layers: string, message: RegExp, dims?: number[]][] = [
    [layer("Magic"), /in layer "magic" of type "Magic", the layer is not supported, wanted Convolution/],
    [layer("ReLU", "", '"y"', '"nobody"'), /it takes "nobody", wanted a blob of a layer before it/],
    ['layer { name: "r" type: "ReLU" top: "y" }', /it takes no blob, wanted at least one/],
    [layer("Convolution", "convolution_param { num_output: 4 }"), /it tells no kernel_size/],
    [layer("Convolution", "convolution_param { num_output: -4 kernel_size: 3 }"), /num_output is -4/],
    [
      layer("Convolution", "convolution_param { num_output: 4 kernel_size: 3 group: 3 }"),
      /group is 3, wanted a divisor of 2 and of 4/,
    ],
    [
      layer("Convolution", "convolution_param { num_output: 4 kernel_size: 3 }"),
      /its weights are missing, wanted 2 blobs of 72, 4 values/,
    ],
    [layer("Normalize", "norm_param { across_spatial: true }"), /across_spatial is true/],
    [layer("Pooling", "pooling_param { pool: STOCHASTIC kernel_size: 2 }"), /pool is STOCHASTIC/],
    [layer("Pooling", "pooling_param { kernel_size: 2 stride: 0 }"), /stride is 0/],
    [layer("Pooling", "pooling_param { kernel_size: 99 }"), /window 99x99 is larger/],
    [layer("Eltwise", "eltwise_param { coeff: 2 }", '"y"', '"data" "data"'), /coeff is \[2\]/],
    [layer("Slice", "slice_param { slice_point: 2 }", '"a" "b"'), /it cuts 2 at 2 for 2 tops/],
    [layer("Slice", "", '"a" "b" "c"'), /it cuts 2 at 0.66/],
    [layer("Permute", "permute_param { order: 7 }"), /order is \[7\]/],
    [layer("Permute", "permute_param { order: 1 order: 1 }"), /order is \[1,1\]/],
    [layer("Reshape", "reshape_param { shape { dim: 7 } }"), /dim is \[7\] for 1x2x5x4/],
    [layer("Reshape", "reshape_param { shape { dim: 0 dim: -1 dim: -1 } }"), /dim is/],
    [layer("Flatten", "flatten_param { axis: 9 }"), /axis is 9/],
    [layer("Softmax", "softmax_param { axis: 2 }"), /axis is 2/],
    [layer("PriorBox", "prior_box_param { min_size: 0 }"), /min_size is 0/],
    [layer("PriorBox", "prior_box_param { min_size: 9 max_size: 3 }"), /max_size is 3/],
    [layer("PriorBox", "prior_box_param { min_size: 9 aspect_ratio: -1 }"), /aspect_ratio is -1/],
    [layer("PriorBox", "prior_box_param { min_size: 9 variance: 0.1 variance: 0.2 }"), /variance is/],
    [layer("PriorBox", `prior_box_param { ${"min_size: 9 ".repeat(65)} }`), /there are 65 sizes/],
    [layer("DetectionOutput", "", '"y"', '"data" "data" "data"'), /its third blob is none of priors/],
    ["", /no layer gives an output/],
    [layer("ReLU"), /input "data" has extents/, [1, 2, 3]],
    [layer("ReLU"), /is 0, wanted a whole number from 1/, [1, 2, 0, 3]],
    [layer("ReLU"), /blobs hold more than/, [1, 2 ** 20, 2 ** 20, 3]],
    ['layer { name: "r" type: "ReLU"', /line 2 has the end, wanted a field or }/],
    ["layer { name: }", /line 2/],
    ["layer ".repeat(3), /line 2/],
    ["a { ".repeat(100000), /at most 32 messages inside one another/],
    ['layer { name: "unended }', /line 2/],
    ["layer: 5", /layer is "5", wanted a message/],
    [layer("ReLU", "relu_param { negative_slope: much }"), /negative_slope is "much", wanted a number/],
  ];
  for (const [layers, message, dims] of cases) {
    const error = assertThrows(() => bare(layers, dims), SimdetError);
    assert(message.test(error.message), `${layers.slice(0, 80)}: ${error.message}`);
  }
  assertThrows(() => readCaffe(layer("ReLU"), NO_WEIGHTS, { info }), SimdetError, 'it takes "data"');
});

Deno.test("texts of white space, comments and quotes without end are refused, not overflowed by", async () => {
  const endless = [
    " ".repeat(2e7),
    `${"#\n".repeat(4e6)}x`,
    `name: ${" ".repeat(1e7)}{`,
    `[net]${" ".repeat(1e7)}`,
  ];
  for (const found of [...endless, `name: "${"\\a".repeat(4e6)}`, `name: "${"a".repeat(8e6)}`]) {
    await assertRejects(() => readFile(bytes.encode(found), { weights: NO_WEIGHTS }), SimdetError);
  }
});

Deno.test("a caffemodel that is cut, lies about extents, or is of another network", () => {
  const whole = caffemodel(tiny.layers);
  const read = (weights: Uint8Array) => readCaffe(TINY, weights, { info });
  assertThrows(() => read(new Uint8Array()), SimdetError, "is it a .caffemodel of Caffe?");
  for (let end = 1; end < whole.length; end += 997) {
    const error = assertThrows(() => read(whole.subarray(0, end)), SimdetError);
    assert(/no sound protobuf in|none of its|its weights are missing/.test(error.message), error.message);
  }
  const lying = new Map(tiny.layers).set("conv1", [{ shape: [8, 3, 3, 4], data: new Float32Array(216) }]);
  assertThrows(
    () => read(caffemodel(lying)),
    SimdetError,
    'a blob of layer "conv1" is 8x3x3x4 but holds 216 values',
  );
  const negative = new Map(tiny.layers).set("conv1", [{ shape: [-8, -27], data: new Float32Array(216) }]);
  assertThrows(() => read(caffemodel(negative)), SimdetError, 'a blob of layer "conv1" is -8x-27');
  const other = new Map(tiny.layers).set("fc", [{ shape: [10, 3], data: new Float32Array(30) }]);
  assertThrows(
    () => read(caffemodel(other)),
    SimdetError,
    "its weights are 10x3, wanted 2 blobs of 3200, 10 values",
  );
});

Deno.test("1,000 mutated prototxt and caffemodel: a typed error or a graph", () => {
  const files = [bytes.encode(TINY), caffemodel(tiny.layers)];
  const seed = seedOf(11), random = new Random(seed);
  let broken = 0;
  for (let i = 0; i < 1000; i++) {
    const which = random.integer(0, 1);
    const [prototxt, weights] = files.map((file, k) => k === which ? mutate(file, random) : file);
    try {
      readCaffe(text.decode(prototxt), weights, { info });
    } catch (error) {
      broken++;
      if (!(error instanceof SimdetError)) throw new Error(`mutation ${i} of seed ${seed}`, { cause: error });
    }
  }
  assert(broken > 300, `${broken} of 1000 were refused`);
});
