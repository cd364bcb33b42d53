/** The head of Partial Residual Networks against the layers of yolov3-tiny-prn.cfg, read as Darknet's. */
import { assert, assertEquals } from "@std/assert";
import { leakyConv } from "../../../models/heads/efm.ts";
import { prn } from "../../../models/heads/prn.ts";
import { yoloHead } from "../../../models/heads/yolo.ts";
import { NetworkBuilder } from "../../../models/layers.ts";
import { readDarknet } from "../../../src/formats/darknet.ts";
import { runReference } from "../../../src/graph/graph.ts";
import { errorOf } from "../../support/compare.ts";
import { hashedInput, hashedWeights } from "../../support/hash.ts";

const conv = (filters: number, size: number, stride = 1) =>
  `[convolutional]\nbatch_normalize=1\nfilters=${filters}\nsize=${size}\nstride=${stride}\npad=1\nactivation=leaky\n`;
const yolo = (mask: string) =>
  `[convolutional]\nsize=1\nstride=1\npad=1\nfilters=18\nactivation=linear\n\
[yolo]\nmask=${mask}\nanchors=10,14, 23,27, 37,58, 81,82, 135,169, 344,319\nclasses=1\nnum=6\n`;
const shortcut = (from: number) => `[shortcut]\nactivation=leaky\nfrom=${from}\n`;

/** A backbone of two layers, and the head as published but for the number of classes. */
const CONFIG = [
  "[net]\nwidth=32\nheight=32\nchannels=3\n",
  conv(160, 3, 2),
  conv(64, 3, 2),
  conv(256, 1),
  conv(256, 3),
  shortcut(-2),
  yolo("3,4,5"),
  "[route]\nlayers=-4\n",
  conv(128, 1),
  "[upsample]\nstride=2\n",
  shortcut(0),
  conv(128, 3),
  shortcut(-3),
  shortcut(0),
  yolo("1,2,3"),
].join("\n");

/** Layers in the order of the cfg. */
const ORDER = [
  "fine",
  "coarse",
  "prn.0.narrow",
  "prn.0.wide",
  "yolo.0",
  "prn.1.narrow",
  "prn.1.wide",
  "yolo.1",
];
const PARTS = [
  "norm.bias",
  "norm.weight",
  "norm.running_mean",
  "norm.running_var",
  "conv.weight",
  "bias",
  "weight",
];

Deno.test("the head is that of the published cfg", () => {
  const stored = new Map<string, Float32Array>(), weights = hashedWeights();
  const net = new NetworkBuilder((key, shape) => {
    stored.set(key, weights(key, shape));
    return stored.get(key)!;
  });
  const fine = leakyConv(net, net.input([32, 32]), "fine", 160, 3, 2);
  const heads = prn(net, [fine, leakyConv(net, fine, "coarse", 64, 3, 2)]).map((map, i) =>
    yoloHead(net, map, `yolo.${i}`, [[1, 1], [1, 1], [1, 1]], 1)
  );
  const graph = net.build({ name: "prn" }, heads);

  const parts = ORDER.flatMap((layer) => PARTS.map((part) => stored.get(`${layer}.${part}`) ?? []));
  const values = parts.flatMap((part) => [...part]);
  const file = new Uint8Array(20 + 4 * values.length), view = new DataView(file.buffer);
  view.setInt32(4, 2, true);
  values.forEach((value, i) => view.setFloat32(20 + 4 * i, value, true));
  const published = readDarknet(CONFIG, file, { info: { name: "prn" } });

  const { data } = hashedInput([1, 32, 32, 3]);
  const run = (of: typeof graph) =>
    Object.values(runReference(of, { [of.inputs[0].name]: { shape: [1, 32, 32, 3], data } }));
  const ours = run(graph), theirs = run(published);
  assertEquals(ours.map(({ shape }) => shape), theirs.map(({ shape }) => shape));
  // Normalisations differ by what they add to the variance: 1e-5 and 1e-6.
  ours.forEach((map, i) => assert(errorOf(map.data, theirs[i].data) < 1e-4));
});
