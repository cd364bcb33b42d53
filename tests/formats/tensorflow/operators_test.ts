/** Operators of graph models against TensorFlow.js itself. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Session } from "../../../mod.ts";
import { SimdetError } from "../../../src/errors.ts";
import { readTfjs } from "../../../src/formats/tfjs.ts";
import { runReference } from "../../../src/graph/graph.ts";
import { errorOf } from "../../support/compare.ts";
import { type Attr, attr, GraphDef, runTfjs } from "../../support/graph_def.ts";
import { mutateJson } from "../../support/mutate_json.ts";
import { Random, seedOf } from "../../support/random.ts";

const { float, flag, integer, integers, text, texts } = attr;
const random = new Random(17);

const sliding = (stride: number, padding = "SAME", dilation = 1) => ({
  strides: integers(1, stride, stride, 1),
  dilations: integers(1, dilation, dilation, 1),
  padding: text(padding),
  data_format: text("NHWC"),
});

/** Input `[1, 7, 6, 4]`; gives the output's node. */
type Build = (graph: GraphDef, x: string) => string;

const conv =
  (fused: string[], more: (g: GraphDef) => string[] = () => [], attrs: Record<string, Attr> = {}): Build =>
  (g, x) =>
    g.node("_FusedConv2D", [x, g.random(random, 3, 3, 4, 5), g.random(random, 5), ...more(g)], {
      ...sliding(2),
      fused_ops: texts(...fused),
      num_args: integer(1),
      ...attrs,
    });

const unary = (op: string, attrs: Record<string, Attr> = {}): Build => (g, x) => g.node(op, [x], attrs);

/** An operator of the input and random values of a shape, and the other way round. */
const binary = (op: string, shape: number[], flipped = false): Build => (g, x) => {
  const other = g.constant(shape, random.tensor(shape).data.map((v) => v + Math.sign(v)));
  return g.node(op, flipped ? [other, x] : [x, other]);
};

const cases: Record<string, Build> = {
  "Conv2D, VALID": (g, x) => g.node("Conv2D", [x, g.random(random, 3, 2, 4, 6)], sliding(1, "VALID")),
  "Conv2D, dilated": (g, x) => g.node("Conv2D", [x, g.random(random, 3, 3, 4, 6)], sliding(1, "SAME", 2)),
  "Conv2D, explicit padding": (g, x) =>
    g.node("Conv2D", [x, g.random(random, 3, 3, 4, 2)], {
      ...sliding(2, "EXPLICIT"),
      explicit_paddings: integers(0, 0, 1, 2, 0, 1, 0, 0),
    }),
  "_FusedConv2D, bias": conv(["BiasAdd"]),
  "_FusedConv2D, Relu": conv(["BiasAdd", "Relu"]),
  "_FusedConv2D, Relu6": conv(["BiasAdd", "Relu6"]),
  "_FusedConv2D, Elu": conv(["BiasAdd", "Elu"]),
  "_FusedConv2D, LeakyRelu": conv(["BiasAdd", "LeakyRelu"], undefined, { leakyrelu_alpha: float(0.3) }),
  "_FusedConv2D, Prelu": conv(["BiasAdd", "Prelu"], (g) => [g.random(random, 1, 1, 5)], {
    num_args: integer(2),
  }),
  "FusedDepthwiseConv2dNative": (g, x) =>
    g.node("FusedDepthwiseConv2dNative", [x, g.random(random, 3, 3, 4, 2), g.random(random, 8)], {
      ...sliding(1),
      fused_ops: texts("BiasAdd", "Relu6"),
      num_args: integer(1),
    }),
  "dilated by blocks": (g, x) => {
    // 7x6 by blocks of 2: padded to 12x10, of which 7x6 stay after a 3x3 convolution and its crops.
    const blocks = g.node("SpaceToBatchND", [x, g.integers(2, 2), g.constant([2, 2], [2, 3, 2, 2], "int32")]);
    const convolved = g.node("Conv2D", [blocks, g.random(random, 3, 3, 4, 3)], sliding(1, "VALID"));
    return g.node("BatchToSpaceND", [convolved, g.integers(2, 2), g.constant([2, 2], [0, 1, 0, 0], "int32")]);
  },
  "depthwise, dilated by blocks": (g, x) => {
    const blocks = g.node("SpaceToBatchND", [x, g.integers(3, 2), g.constant([2, 2], [3, 5, 2, 4], "int32")]);
    const convolved = g.node(
      "DepthwiseConv2dNative",
      [blocks, g.random(random, 3, 3, 4, 1)],
      sliding(1, "VALID"),
    );
    return g.node("BatchToSpaceND", [convolved, g.integers(3, 2), g.constant([2, 2], [1, 1, 0, 1], "int32")]);
  },
  "MatMul": (g, x) => {
    const rows = g.node("Reshape", [x, g.integers(-1, 24)]);
    return g.node("MatMul", [rows, g.random(random, 9, 24)], {
      transpose_b: flag(true),
      transpose_a: flag(false),
    });
  },
  "_FusedMatMul": (g, x) => {
    const rows = g.node("Reshape", [x, g.integers(1, 168)]);
    return g.node("_FusedMatMul", [rows, g.random(random, 168, 5), g.random(random, 5)], {
      transpose_a: flag(false),
      transpose_b: flag(false),
      fused_ops: texts("BiasAdd", "Relu"),
      num_args: integer(1),
    });
  },
  "FusedBatchNormV3": (g, x) => {
    const variance = g.constant([4], [0.5, 1, 2, 3]);
    const statistics = [g.random(random, 4), g.random(random, 4), g.random(random, 4), variance];
    return g.node("FusedBatchNormV3", [x, ...statistics], { epsilon: float(0.01), is_training: flag(false) });
  },
  "batch norm, spelled out": (g, x) => {
    const variance = g.node("AddV2", [g.constant([4], [0.5, 1, 2, 3]), g.constant([], [1e-3])]);
    const scale = g.node("Mul", [g.node("Rsqrt", [variance]), g.random(random, 4)]);
    const offset = g.node("Sub", [g.random(random, 4), g.node("Mul", [g.random(random, 4), scale])]);
    return g.node("AddV2", [g.node("Mul", [x, scale]), offset]);
  },
  "MaxPool": (g, x) => g.node("MaxPool", [x], { ...sliding(2), ksize: integers(1, 3, 3, 1) }),
  "AvgPool": (g, x) => g.node("AvgPool", [x], { ...sliding(2), ksize: integers(1, 3, 3, 1) }),
  "Mean": (g, x) => g.node("Mean", [x, g.integers(1, 2)], { keep_dims: flag(false) }),
  "Mean, axes kept": (g, x) => g.node("Mean", [x, g.integers(-2, 1)], { keep_dims: flag(true) }),
  "Max": (g, x) => g.node("Max", [x, g.integers(1, 2)], { keep_dims: flag(true) }),
  "Sum": (g, x) => g.node("Sum", [x, g.integers(1, 2)], { keep_dims: flag(true) }),
  "squeeze and excite": (g, x) => {
    const mean = g.node("Mean", [x, g.integers(1, 2)], { keep_dims: flag(true) });
    return g.node("Mul", [g.node("Sigmoid", [mean]), x]);
  },
  "spatial gate": (g, x) => {
    const gate = g.node("Sigmoid", [g.node("Conv2D", [x, g.random(random, 1, 1, 4, 1)], sliding(1))]);
    return g.node("Mul", [x, gate]);
  },
  "Relu": unary("Relu"),
  "LeakyRelu": unary("LeakyRelu", { alpha: float(0.15) }),
  "Elu": unary("Elu"),
  "Selu": unary("Selu"),
  "Sigmoid": unary("Sigmoid"),
  "Tanh": unary("Tanh"),
  "Softmax": unary("Softmax"),
  "Neg": unary("Neg"),
  "Abs": unary("Abs"),
  "Square": unary("Square"),
  "Prelu": (g, x) => g.node("Prelu", [x, g.random(random, 1, 1, 4)]),
  "AddV2, a scalar first": binary("AddV2", [], true),
  "Sub, a vector": binary("Sub", [4]),
  "Sub, a vector first": binary("Sub", [4], true),
  "Mul, a column": binary("Mul", [6, 1]),
  "RealDiv, a map": binary("RealDiv", [7, 6, 4]),
  "RealDiv, a scalar first": (g, x) => {
    const sum = g.node("AddV2", [g.node("Sigmoid", [x]), g.constant([], [1])]);
    return g.node("RealDiv", [g.constant([], [2]), sum]);
  },
  "Maximum": binary("Maximum", [1, 1, 1, 4]),
  "Minimum": binary("Minimum", [4]),
  "Minimum, a scalar": binary("Minimum", []),
  "AddN": (g, x) => g.node("AddN", [x, g.node("Relu", [x]), x], { N: integer(3) }),
  "hard swish": (g, x) => {
    const shifted = g.node("Relu6", [g.node("AddV2", [x, g.constant([], [3])])]);
    return g.node("Mul", [x, g.node("Mul", [shifted, g.constant([], [1 / 6])])]);
  },
  "Pad": (g, x) => g.node("Pad", [x, g.constant([4, 2], [0, 0, 1, 2, 0, 1, 0, 0], "int32")]),
  "PadV2": (g, x) =>
    g.node("PadV2", [x, g.constant([4, 2], [0, 0, 1, 0, 2, 1, 0, 0], "int32"), g.constant([], [-2])]),
  "MirrorPad, REFLECT": (g, x) =>
    g.node("MirrorPad", [x, g.constant([4, 2], [0, 0, 2, 3, 1, 2, 0, 0], "int32")], {
      mode: text("reflect"),
    }),
  "ConcatV2, channels": (g, x) =>
    g.node("ConcatV2", [x, g.node("Relu", [x]), g.integer(-1)], { N: integer(2) }),
  "ConcatV2, width": (g, x) =>
    g.node("ConcatV2", [x, g.node("Relu", [x]), x, g.integer(2)], { N: integer(3) }),
  "Split": (g, x) => {
    const split = g.node("Split", [g.integer(3), x], { num_split: integer(2) });
    return g.node("Sub", [split, `${split}:1`]);
  },
  "SplitV": (g, x) => {
    const split = g.node("SplitV", [x, g.integers(1, -1, 2), g.integer(1)], { num_split: integer(3) });
    return g.node("ConcatV2", [`${split}:2`, split, g.integer(1)], { N: integer(2) });
  },
  "Unpack and Pack": (g, x) => {
    const rows = g.node("Unpack", [x], { axis: integer(1), num: integer(7) });
    return g.node("Pack", [`${rows}:3`, rows], { axis: integer(1), N: integer(2) });
  },
  "Slice": (g, x) => g.node("Slice", [x, g.integers(0, 1, 2, 0), g.integers(1, 3, -1, 2)], {}),
  "StridedSlice": (g, x) =>
    g.node("StridedSlice", [x, g.integers(0, 1, -5), g.integers(1, 7, 0), g.integers(1, 2, 1)], {
      begin_mask: integer(1),
      end_mask: integer(5),
      ellipsis_mask: integer(0),
      new_axis_mask: integer(0),
      shrink_axis_mask: integer(0),
    }),
  "Transpose": (g, x) => g.node("Transpose", [x, g.integers(0, 3, 1, 2)]),
  "Squeeze and ExpandDims": (g, x) => {
    const flat = g.node("Squeeze", [x], { squeeze_dims: integers(0) });
    return g.node("Relu", [g.node("ExpandDims", [flat, g.integer(0)])]);
  },
  "flatten by shape arithmetic": (g, x) => {
    const shape = g.node("Shape", [x], { out_type: { type: "DT_INT32" } });
    const masks = Object.fromEntries(
      ["begin", "end", "ellipsis", "new_axis"].map((m) => [`${m}_mask`, integer(0)]),
    );
    const batch = g.node("StridedSlice", [shape, g.integers(0), g.integers(1), g.integers(1)], {
      ...masks,
      shrink_axis_mask: integer(1),
    });
    return g.node("Reshape", [
      g.node("Relu", [x]),
      g.node("Pack", [batch, g.integer(-1)], { N: integer(2), axis: integer(0) }),
    ]);
  },
  "ResizeBilinear": (g, x) =>
    g.node("Relu", [
      g.node("ResizeBilinear", [
        g.node("Conv2D", [x, g.random(random, 1, 1, 4, 3)], sliding(1)),
        g.integers(9, 13),
      ], { align_corners: flag(false), half_pixel_centers: flag(true) }),
    ]),
  "ResizeBilinear, corners": (g, x) =>
    g.node("ResizeBilinear", [
      g.node("Conv2D", [x, g.random(random, 1, 1, 4, 3)], sliding(1)),
      g.integers(9, 13),
    ], { align_corners: flag(true), half_pixel_centers: flag(false) }),
  "ResizeNearestNeighbor": (g, x) =>
    g.node("ResizeNearestNeighbor", [x, g.integers(14, 9)], {
      align_corners: flag(false),
      half_pixel_centers: flag(false),
    }),
  "ResizeNearestNeighbor, half pixels": (g, x) =>
    g.node("ResizeNearestNeighbor", [x, g.integers(10, 9)], {
      align_corners: flag(false),
      half_pixel_centers: flag(true),
    }),
};

Deno.test("every operator computes what TensorFlow.js computes", async () => {
  for (const [name, build] of Object.entries(cases)) {
    const model = new GraphDef(), input = random.tensor([1, 7, 6, 4]);
    const output = build(model, model.input([1, 7, 6, 4]));
    const graph = await readTfjs(model.json, () => model.shard, { name }).catch((error) => {
      throw new Error(`${name}: ${error.message}`, { cause: error });
    });
    const [wanted] = await runTfjs(model, input, [output]);
    using session = await Session.create(graph);
    const found = session.runSync({ x: input })[output];
    assertEquals(found.shape, wanted.shape, name);
    assert(errorOf(found.data, wanted.data) < 2e-5, `${name}: ${errorOf(found.data, wanted.data)}`);
    const reference = runReference(graph, { x: input })[output];
    assert(errorOf(reference.data, wanted.data) < 2e-5, `${name}, reference`);
  }
});

Deno.test("the signature tells inputs and outputs; open extents are given", async () => {
  const model = new GraphDef();
  const x = model.input([-1, -1, -1, 4]);
  const split = model.node("Split", [model.integer(3), x], { num_split: integer(2) });
  const mean = model.node("Mean", [`${split}:1`, model.integers(1, 2)], { keep_dims: flag(false) });
  const softmax = model.node("Softmax", [mean]);
  const named = model.node("Identity", [softmax]);
  const read = (signature: unknown, size?: [number, number]) =>
    readTfjs({ ...model.json, signature }, () => model.shard, { name: "t" }, size);
  const of = (...names: string[]) => ({ outputs: Object.fromEntries(names.map((name) => [name, { name }])) });
  const scores = await read(of(`${named}:0`), [8, 6]);
  assertEquals([scores.inputs, scores.outputs], [[{ name: "x", shape: [1, 8, 6, 4] }], [named]]);
  assertEquals(scores.info.postprocessing, { kind: "softmax", scores: named, logits: false });
  const both = await read(of(`${split}:1`, mean), [5, 5]);
  assertEquals(both.outputs, [`${split}:1`, mean]);
  assertEquals(both.info.postprocessing, undefined);
  const other = await read(of("nothing"), [5, 5]);
  assertEquals(other.outputs, [named]);
  await assertRejects(() => read(undefined), SimdetError, "give an input size");
});

Deno.test("what cannot be read is named with its node, what was found and what is wanted", async () => {
  const broken: [Build, string][] = [
    [(g, x) => g.node("Cumsum", [x]), '"node1" (Cumsum): the operator is not supported'],
    [(g, x) => g.node("Conv2D", [x, x], sliding(1)), "input 1 is computed, wanted a constant"],
    [(g, x) => g.node("Conv2D", [x], sliding(1)), "it has 1 inputs, wanted at least 2"],
    [(g, x) => g.node("Conv2D", [x, g.random(random, 3, 3, 5, 2)], sliding(1)), "5 input channels"],
    [(g, x) => g.node("MaxPool", [x], { ...sliding(1), data_format: text("NCHW") }), "data_format is NCHW"],
    [conv(["BiasAdd", "Gelu"]), "fused_ops are BiasAdd,Gelu"],
    [
      (g, x) =>
        g.node("Relu", [
          g.node("SpaceToBatchND", [x, g.integers(2, 2), g.constant([2, 2], [2, 3, 2, 2], "int32")]),
        ]),
      "cut by SpaceToBatchND",
    ],
    [(g, x) => g.node("Mean", [x, g.integers(3)]), "it reduces axes 3 of 1x7x6x4"],
    [(g, x) => g.node("Sqrt", [x]), "input 0 is computed"],
    [(g, x) => g.node("Split", [g.integer(3), x], { num_split: integer(3) }), "3 parts of 4"],
    [(g, x) => g.node("Relu", [`${g.node("Relu", [x])}:1`]), 'output 1 of "node1" is not supported'],
    [(g, x) => g.node("AddV2", [x, g.random(random, 5)]), "which do not fit one another"],
    [
      (g, x) => g.node("AddV2", [x, g.node("Fill", [g.integers(1e4, 1e4), g.constant([], [1])])]),
      "known values take more than",
    ],
    [(g, x) => g.node("Relu", [g.node("Loop", [x, "node2"])]), "it has no output"],
    [
      (g) =>
        g.node("Unpack", [g.node("Fill", [g.integers(5000), g.constant([], [1])])], { axis: integer(0) }),
      "5000 parts of 5000, wanted at most 4096",
    ],
    [(g) => g.node("Relu", [g.constant([2], [1, 2])]), "does not depend on the input"],
  ];
  for (const [build, message] of broken) {
    const model = new GraphDef();
    build(model, model.input([1, 7, 6, 4]));
    await assertRejects(() => readTfjs(model.json, () => model.shard, { name: "t" }), SimdetError, message);
  }
});

Deno.test("every operator, 30 times mutated: a typed error or a graph", async () => {
  const seed = seedOf(19), chance = new Random(seed);
  for (const [name, build] of Object.entries(cases)) {
    const model = new GraphDef();
    build(model, model.input([1, 7, 6, 4]));
    for (let round = 0; round < 30; round++) {
      try {
        await readTfjs(mutateJson(model.json, chance), () => model.shard, { name });
      } catch (error) {
        assert(
          error instanceof SimdetError,
          `seed ${seed}, ${name}, round ${round}: ${(error as Error).stack}`,
        );
      }
    }
  }
});
