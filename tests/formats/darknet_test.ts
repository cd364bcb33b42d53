import { assert, assertEquals, assertThrows } from "@std/assert";
import { Session } from "../../mod.ts";
import { SimdetError } from "../../src/errors.ts";
import { readDarknet } from "../../src/formats/darknet.ts";
import { readFile } from "../../src/formats/read.ts";
import { parseSafetensors } from "../../src/formats/safetensors.ts";
import { type Graph, macsOf, runReference } from "../../src/graph/graph.ts";
import { check } from "../../src/graph/graph.ts";
import type { Tensor } from "../../src/tensor.ts";
import { errorOf } from "../support/compare.ts";
import { hashedWeights, HEADERS, weightsFile } from "../support/darknet.ts";
import { fixture } from "../support/fixtures.ts";
import { hashedInput } from "../support/hash.ts";
import { mutate } from "../support/mutate.ts";
import { Random, seedOf } from "../support/random.ts";

const text = new TextDecoder();

/** Reads a cfg and what its layers should give. */
async function golden(name: string) {
  const { tensors, metadata } = parseSafetensors(await fixture(`darknet/${name}.safetensors`));
  return {
    config: text.decode(await fixture(`darknet/${name}.cfg`)),
    values: hashedWeights(JSON.parse(metadata.keys as string), Number(metadata.gain)),
    expected: tensors,
    metadata,
  };
}

/** The same graph with more outputs. */
function alsoGiving(graph: Graph, names: readonly string[]): Graph {
  const more = names.filter((name) => !graph.outputs.includes(name));
  return { ...graph, outputs: [...graph.outputs, ...more], nchw: [...graph.nchw ?? [], ...more] };
}

async function run(graph: Graph, input: Tensor): Promise<Record<string, Tensor>> {
  using session = await Session.create(graph);
  return await session.run({ input });
}

/** A network without weights: its layers work on the input alone. */
function bare(sections: string, net = "width=6\nheight=4\nchannels=4"): Graph {
  return readDarknet(`[net]\n${net}\n${sections}`, weightsFile([]), { info: { name: "bare" } });
}

/** What a network without weights makes of numbers in order, and those numbers. */
function layer(sections: string, net?: string): { x: Tensor; y: Tensor } {
  const graph = bare(sections, net);
  const [{ shape }] = graph.inputs;
  const data = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(i * 3) * 4);
  const x = { shape, data };
  return { x, y: runReference(graph, { input: x })[graph.outputs[0]] };
}

/** The value of a map `[1, h, w, c]`, 0 outside. */
function at({ shape: [, h, w, c], data }: Tensor, y: number, x: number, k: number): number {
  return y < 0 || x < 0 || y >= h || x >= w || k >= c ? 0 : data[(y * w + x) * c + k];
}

/** Compares every value of a map with a rule. */
function assertMap(
  y: Tensor,
  shape: readonly number[],
  rule: (row: number, column: number, k: number) => number,
) {
  assertEquals(y.shape, shape);
  const [, h, w, c] = shape;
  const expected = Float32Array.from(
    { length: h * w * c },
    (_, i) => rule(Math.floor(i / (w * c)), Math.floor(i / c) % w, i % c),
  );
  assert(errorOf(y.data, expected) < 1e-6);
}

for (const [header, words] of Object.entries(HEADERS)) {
  Deno.test(`a network of every common layer, weights with a header of ${header}`, async () => {
    const { config, values, expected } = await golden("tiny");
    const graph = readDarknet(config, weightsFile(values, words), { info: { name: "tiny" } });
    const inner = { layer5: "5.0.sum", layer8: "8", layer9: "9.leaky", layer13: "13.logistic" };
    const outputs = await run(alsoGiving(graph, Object.values(inner)), hashedInput([1, 3, 64, 64]));
    const names = { ...inner, layer11_rawhead: "10", layer17_rawhead: "16" };
    for (const [layer, name] of Object.entries(names)) {
      const error = errorOf(outputs[name].data, expected.get(layer)!.data);
      assert(error < 5e-6, `${layer} is off by ${error}`);
      assertEquals(outputs[name].shape, expected.get(layer)!.shape);
    }
  });
}

Deno.test("YOLOv4-tiny at another size equals OpenCV's, from a file of the right bytes", async () => {
  const { config, values, expected, metadata } = await golden("yolov4-tiny");
  const weights = weightsFile(values);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", weights));
  assertEquals(digest.toHex(), metadata.sha256);
  const graph = readDarknet(config, weights, { info: { name: "yolov4-tiny" }, inputSize: [320, 320] });
  const shapes = check(graph);
  assertEquals(graph.nodes.reduce((sum, node) => sum + macsOf(node, shapes), 0), 2043750400);
  const outputs = await run(graph, hashedInput([1, 3, 320, 320]));
  for (const [name, key] of [["29", "layer29_rawhead"], ["36", "layer36_rawhead"]]) {
    const strided = outputs[name].data.filter((_, i) => i % 13 === 5);
    const error = errorOf(strided, expected.get(key)!.data);
    assert(error < 2e-5, `${key} is off by ${error}`);
  }
  assertEquals(graph.info.postprocessing, {
    kind: "yolo",
    heads: [
      { output: "29", anchors: [[81, 82], [135, 169], [344, 319]], scaleXY: 1.05 },
      { output: "36", anchors: [[23, 27], [37, 58], [81, 82]], scaleXY: 1.05 },
    ],
    threshold: 0.5,
    iou: 0.45,
    maxDetections: 100,
  });
});

Deno.test("any reader of models takes a cfg with its weights", async () => {
  const { config, values } = await golden("tiny");
  const bytes = new TextEncoder().encode(`# a comment\n\n${config}`);
  const graph = await readFile(bytes, { weights: weightsFile(values) }) as Graph;
  assertEquals(graph.outputs, ["10", "16"]);
});

Deno.test("how a photo becomes the input: letterboxed by Darknet, stretched by the fork that a cfg needs", () => {
  const head = "[yolo]\nclasses=1\nanchors=3,4";
  const fit = (sections: string, net = "") =>
    bare(sections, `width=6\nheight=4\nchannels=3\n${net}`).info.preprocessing?.fit;
  const six = "[route]\nlayers=-1,-1\n";
  const input = "[maxpool]\nsize=1\n";
  assertEquals(fit(`${input}${six}${head}`), "letterbox");
  assertEquals(fit(`${input}${six}${head}`, "letter_box=0"), "stretch");
  assertEquals(fit(`${input}${six}${head}\nscale_x_y=1.1`), "stretch");
  assertEquals(fit(`${input}${six}${head}\nscale_x_y=1.1`, "letter_box=1"), "letterbox");
  assertEquals(fit("[avgpool]\n[softmax]"), "crop");
});

Deno.test("what a classifier gives: probabilities behind a softmax, else logits", () => {
  const post = (sections: string) => bare(sections).info.postprocessing;
  assertEquals(post("[avgpool]\n[softmax]\n[cost]\ntype=sse"), {
    kind: "softmax",
    scores: "1",
    logits: false,
  });
  assertEquals(post("[avgpool]"), { kind: "softmax", scores: "0", logits: true });
  assertEquals(post("[maxpool]\nsize=2\nstride=2"), undefined);
});

Deno.test("maxpool: padding of size - 1 in all, half of it before", () => {
  const window =
    (x: Tensor, size: number, stride: number, before: number) => (r: number, q: number, k: number) => {
      let best = -Infinity;
      for (let i = r * stride - before; i < r * stride - before + size; i++) {
        for (let j = q * stride - before; j < q * stride - before + size; j++) {
          if (i >= 0 && j >= 0 && i < x.shape[1] && j < x.shape[2]) best = Math.max(best, at(x, i, j, k));
        }
      }
      return best;
    };
  const two = layer("[maxpool]\nsize=2\nstride=1");
  assertMap(two.y, [1, 4, 6, 4], window(two.x, 2, 1, 0));
  const five = layer("[maxpool]\nsize=5\nstride=1");
  assertMap(five.y, [1, 4, 6, 4], window(five.x, 5, 1, 2));
  const odd = layer("[maxpool]\nsize=2\nstride=2", "width=5\nheight=7\nchannels=4");
  assertMap(odd.y, [1, 4, 3, 4], window(odd.x, 2, 2, 0));
  const wide = layer("[maxpool]\nsize=3\nstride_x=2\nstride_y=1");
  assertMap(wide.y, [1, 4, 3, 4], (r, q, k) => window({ ...wide.x }, 3, 1, 1)(r, 2 * q, k));
});

Deno.test("route: chains of layers, absolute and relative, and groups of channels", () => {
  const chain = layer("[maxpool]\nsize=1\n[upsample]\nstride=1\n[route]\nlayers = -1, 0,\n");
  assertMap(chain.y, [1, 4, 6, 8], (r, q, k) => at(chain.x, r, q, k % 4));
  const half = layer("[maxpool]\nsize=1\n[route]\nlayers=-1\ngroups=2\ngroup_id=1");
  assertMap(half.y, [1, 4, 6, 2], (r, q, k) => at(half.x, r, q, 2 + k));
});

Deno.test("shortcut: channels that both have, larger maps sampled, several layers, an activation", () => {
  const more = layer("[maxpool]\nsize=1\n[route]\nlayers=0\ngroups=2\n[shortcut]\nfrom=-2");
  assertMap(more.y, [1, 4, 6, 2], (r, q, k) => 2 * at(more.x, r, q, k));
  const fewer = layer(
    "[maxpool]\nsize=1\n[route]\nlayers=0\ngroups=2\n[route]\nlayers=0\n[shortcut]\nfrom=-2",
  );
  assertMap(fewer.y, [1, 4, 6, 4], (r, q, k) => at(fewer.x, r, q, k) * (k < 2 ? 2 : 1));
  const sampled = layer("[maxpool]\nsize=1\n[maxpool]\nsize=1\nstride=2\n[shortcut]\nfrom=-2");
  assertMap(sampled.y, [1, 2, 3, 4], (r, q, k) => 2 * at(sampled.x, 2 * r, 2 * q, k));
  const several = layer("[maxpool]\nsize=1\n[upsample]\nstride=1\n[shortcut]\nfrom=0,-1\nactivation=relu");
  assertMap(several.y, [1, 4, 6, 4], (r, q, k) => Math.max(0, 3 * at(several.x, r, q, k)));
});

Deno.test("upsample, avgpool, scale_channels, sam and crop", () => {
  const up = layer("[upsample]\nstride=2\nscale=0.5");
  assertMap(up.y, [1, 8, 12, 4], (r, q, k) => 0.5 * at(up.x, r >> 1, q >> 1, k));
  const mean = (x: Tensor, k: number) => {
    let sum = 0;
    for (let i = 0; i < 24; i++) sum += x.data[i * 4 + k];
    return sum / 24;
  };
  const scaled = layer("[maxpool]\nsize=1\n[avgpool]\n[scale_channels]\nfrom=-2\nactivation=tanh");
  assertMap(scaled.y, [1, 4, 6, 4], (r, q, k) => Math.tanh(at(scaled.x, r, q, k) * mean(scaled.x, k)));
  const sam = layer("[maxpool]\nsize=1\n[upsample]\nstride=1\n[sam]\nfrom=-2");
  assertMap(sam.y, [1, 4, 6, 4], (r, q, k) => at(sam.x, r, q, k) ** 2);
  const crop = layer("[crop]\ncrop_width=2\ncrop_height=3");
  assertMap(crop.y, [1, 3, 2, 4], (r, q, k) => 2 * at(crop.x, r, q + 2, k) - 1);
  const plain = layer("[crop]\ncrop_width=2\ncrop_height=2\nnoadjust=1\n[dropout]\n[cost]");
  assertMap(plain.y, [1, 2, 2, 4], (r, q, k) => at(plain.x, r + 1, q + 2, k));
});

Deno.test("convolutions: activations, strides apart, dilation padded by taps, shared weights", () => {
  const net = "[net]\nwidth=5\nheight=4\nchannels=1\n";
  const one = (keys: string, weights: readonly number[], bias = 0.25) => {
    const graph = readDarknet(
      `${net}[convolutional]\n${keys}`,
      weightsFile([Float32Array.of(bias), Float32Array.from(weights)]),
      { info: { name: "one" } },
    );
    const data = Float32Array.from({ length: 20 }, (_, i) => Math.sin(i) * 3);
    const x = { shape: [1, 4, 5, 1], data };
    return { x, y: runReference(graph, { input: x })[graph.outputs[0]] };
  };
  const activations: Record<string, (v: number) => number> = {
    linear: (v) => v,
    leaky: (v) => v > 0 ? v : 0.1 * v,
    relu: (v) => Math.max(0, v),
    relu6: (v) => Math.min(6, Math.max(0, v)),
    hardtan: (v) => Math.min(1, Math.max(-1, v)),
    mish: (v) => v * Math.tanh(Math.log1p(Math.exp(v))),
    swish: (v) => v / (1 + Math.exp(-v)),
    logistic: (v) => 1 / (1 + Math.exp(-v)),
    tanh: Math.tanh,
  };
  for (const [name, rule] of Object.entries(activations)) {
    const { x, y } = one(`activation=${name}`, [3]);
    assertMap(y, [1, 4, 5, 1], (r, q) => rule(3 * at(x, r, q, 0) + 0.25));
  }
  const taps = Array.from({ length: 9 }, (_, i) => i - 3.5);
  const window = (x: Tensor, r: number, q: number, step: number) =>
    taps.reduce(
      (sum, tap, i) => sum + tap * at(x, r + (Math.floor(i / 3) - 1) * step, q + (i % 3 - 1) * step, 0),
      0,
    );
  const dilated = one("size=3\npad=1\ndilation=2\nactivation=linear", taps, 0);
  assertMap(dilated.y, [1, 4, 5, 1], (r, q) => window(dilated.x, r, q, 2));
  const apart = one("size=3\npad=1\nstride_x=2\nactivation=linear", taps, 0);
  assertMap(apart.y, [1, 4, 3, 1], (r, q) => window(apart.x, r, 2 * q, 1));
  const shared = readDarknet(
    `${net}[convolutional]\nactivation=linear\n[convolutional]\nshare_index=0\nactivation=linear`,
    weightsFile([Float32Array.of(1), Float32Array.of(3)]),
    { info: { name: "shared" } },
  );
  const y = runReference(shared, { input: { shape: [1, 4, 5, 1], data: new Float32Array(20).fill(2) } });
  assertEquals(y[shared.outputs[0]].data[0], 22);
});

Deno.test("what a cfg lies about earns an error that names the layer, what it says and what is right", () => {
  const conv = "[convolutional]\nfilters=4\nsize=3\n";
  const cases: [sections: string, message: RegExp, net?: string][] = [
    [
      "[convolutional]\nfilters=-3",
      /\[convolutional\], layer 0, filters is -3, wanted a whole number of at least 1/,
    ],
    ["[convolutional]\nfilters=3\nsize=0", /size is 0/],
    ["[convolutional]\nfilters=99999999", /filters is 99999999/],
    [`${conv}groups=3`, /groups is 3, wanted a divisor of 4 and of 4/],
    ["[maxpool]\n[shortcut]\nfrom=0\nactivation=magic", /activation is "magic", wanted linear, leaky/],
    [`${conv}xnor=1`, /xnor is 1, wanted 0/],
    [`${conv}share_index=-1`, /share_index is -1, wanted an earlier layer/],
    [conv, /layer 0 wants 4 values, 0 are left/],
    ["[route]\nlayers=0", /layer 0, it refers to layer 0, wanted one of the 0 before it/],
    ["[maxpool]\n[route]\nlayers=1", /layer 1, it refers to layer 1/],
    ["[maxpool]\n[route]\nlayers=7", /it refers to layer 7/],
    ["[maxpool]\n[route]\nlayers=-9", /it refers to layer -9/],
    ["[maxpool]\n[route]\nlayers=0.5", /it refers to layer 0.5/],
    ["[maxpool]\n[route]", /it names no layers/],
    ["[maxpool]\n[route]\nlayers=0\ngroups=3", /group_id is 0 of 3, wanted groups that divide 4/],
    ["[maxpool]\n[route]\nlayers=0\ngroups=2\ngroup_id=2", /group_id is 2 of 2/],
    ["[maxpool]\nsize=1\n[maxpool]\nsize=2\nstride=2\n[route]\nlayers=0,1", /1x4x6x4 and 1x2x3x4 differ/],
    [
      "[upsample]\nstride=2\n[maxpool]\nsize=1\nstride=2\n[upsample]\nstride=3\n[shortcut]\nfrom=-2",
      /layer -2 is/,
    ],
    ["[maxpool]\n[shortcut]\nfrom=0\nweights_type=per_feature", /weights_type is "per_feature", wanted none/],
    ["[maxpool]\nsize=2\npadding=9", /padding/],
    [
      "[maxpool]\nsize=1\n[sam]\nfrom=-1\n[avgpool]\n[sam]\nfrom=0",
      /the layer before it is 1x1x1x4, wanted 1x4x6x4/,
    ],
    ["[maxpool]\n[scale_channels]\nfrom=-1", /the layer before it is 1x4x6x4, wanted 1x1x1x4/],
    ["[avgpool]\n[softmax]\ntemperature=2", /temperature is 2, wanted 1/],
    ["[softmax]", /the layer before it is 1x4x6x4, wanted one vector/],
    ["[crop]\ncrop_width=9\ncrop_height=9", /it cuts 9x9 out, wanted at most 4x6/],
    ["[yolo]\nclasses=3\nanchors=1,2", /has 4 channels, wanted 1 anchors times 5 \+ 3 classes/],
    ["[yolo]\nclasses=3\nanchors=1,2\nmask=4", /mask names anchor 4, wanted one of 1/],
    ["[yolo]\nclasses=3\nanchors=1,x", /anchors holds "x", wanted numbers/],
    ["[lstm]", /\[lstm\], layer 0, the section is not supported, wanted convolutional/],
    ["[maxpool]\nsize", /line 6 is "size", wanted a \[section\] or key=value/],
    ["[]", /line 5 is "\[\]"/],
    ["[upsample]\nstride=10000", /too large, one holds 9600000000 values/],
    ["[upsample]\nstride=1000000", /size is \[4000000,6000000\]/],
    ["[maxpool]", /channels is -1/, "channels=-1"],
    ["[maxpool]", /width is 1e\+30/, "width=1e30"],
    ["[maxpool]", /too large/, "width=1000000\nheight=1000000"],
    ["", /it does not begin with \[net\] and layers/],
    ["[dropout]\n".repeat(5001), /more than 5000 sections/],
  ];
  for (const [sections, message, net] of cases) {
    const error = assertThrows(() => bare(sections, net), SimdetError);
    assert(message.test(error.message), `${sections.slice(0, 60)}: ${error.message}`);
  }
});

Deno.test("weights that are too short, too long, or not there", async () => {
  const { config, values } = await golden("tiny");
  const read = (weights: Uint8Array) => readDarknet(config, weights, { info: { name: "tiny" } });
  const whole = weightsFile(values);
  assertThrows(() => read(new Uint8Array(3)), SimdetError, "the file is 3 bytes, wanted a header");
  assertThrows(() => read(whole.subarray(0, 12000)), SimdetError, "is it the file of this cfg?");
  assertThrows(() => read(whole.subarray(0, -4)), SimdetError, "layer 16 wants 672 values, 671 are left");
  assertThrows(
    () => read(weightsFile([...values, new Float32Array(7)])),
    SimdetError,
    "7 values are left over",
  );
});

Deno.test("1,000 mutated cfg and weights: a typed error or a graph", async () => {
  const { config, values } = await golden("tiny");
  const files = [new TextEncoder().encode(config), weightsFile(values)];
  const seed = seedOf(7), random = new Random(seed);
  let broken = 0;
  for (let i = 0; i < 1000; i++) {
    const which = random.integer(0, 3) > 0 ? 0 : 1;
    const [cfg, weights] = files.map((file, k) => k === which ? mutate(file, random) : file);
    try {
      readDarknet(text.decode(cfg), weights, { info: { name: "mutated" } });
    } catch (error) {
      broken++;
      if (!(error instanceof SimdetError)) throw new Error(`mutation ${i} of seed ${seed}`, { cause: error });
    }
  }
  assert(broken > 300, `${broken} of 1000 were refused`);
});
