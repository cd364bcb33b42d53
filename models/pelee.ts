/**
 * Pelee (Wang, Li and Ling 2018, "Pelee: A Real-Time Object Detection System on Mobile Devices", arXiv 1804.06882, section 3): PeleeNet, five scales of maps of which the
 * largest has two sets of priors, residual prediction blocks, 1x1 predictors. Input BGR, 304x304.
 *
 * Two definitions are in use. The authors' is for Caffe (Robert-JunWang/Pelee, model/voc/deploy_merged.prototxt): `pelee-voc` and `pelee-coco`, names of Caffe's blobs, batch
 * normalisation merged. `pelee-pytorch-*` follows yxlijun/Pelee.Pytorch (peleenet.py), which differs: one set of priors on the largest map, other priors, and dense
 * layers that concatenate `branch2b`, so that `branch2c` is trained to no effect; `pelee-pytorch-voc-branch2c` is the same network with the paper's dense layers.
 *
 * @module
 */

import type { Pair } from "../src/geometry.ts";
import { COCO_LABELS } from "./coco.ts";
import { priorsPerCell, type PriorTable, ssdOutputs, ssdPostprocessing } from "./heads/ssd.ts";
import type { NetworkBuilder, Value } from "./layers.ts";
import { download, driveFile, type Network, type NetworkTable, opencv } from "./network.ts";
import { basicConv, PELEE_FORM, peleeFeatures, type PeleeForm, type PeleeUnit } from "./peleenet.ts";
import { VOC_LABELS } from "./voc.ts";

const RATIOS = [2, 3];
const INPUT = 304;

/** Priors whose sizes are percentages of the input, each set's larger one the smaller of the next. */
const priorTable = (percent: readonly number[], steps?: readonly number[], clip?: "all"): PriorTable => ({
  size: INPUT,
  sets: percent.slice(0, -1).map((min, i) => ({
    min: INPUT * min / 100,
    max: INPUT * percent[i + 1] / 100,
    ratios: RATIOS,
    ...(steps && { step: steps[i] }),
  })),
  clip,
});

/** Of both data sets: train_coco.py's, which the VOC prototxt has too. */
const CAFFE_PRIORS = priorTable([7, 15, 33, 51, 69, 87, 105]);
const PYTORCH_STEPS = [16, 30, 60, 101, 304];
const PYTORCH_VOC_PRIORS = priorTable([10, 20, 43, 66, 89, 112], PYTORCH_STEPS, "all");
const PYTORCH_COCO_PRIORS = priorTable([7, 15, 40, 65, 90, 115], PYTORCH_STEPS, "all");

const caffeConv = (net: NetworkBuilder, x: Value, key: string, outputs: number, options = {}) =>
  net.conv(x, key, outputs, { ...options, bias: true, blobs: ["0", "1"] });

const caffeUnit: PeleeUnit = (net, x, key, outputs, kernel = 1, stride = 1, padding) =>
  net.activate(caffeConv(net, x, key, outputs, { kernel, stride, padding }), "relu");

const CAFFE_FORM: PeleeForm = {
  unit: caffeUnit,
  stem: (part) => part,
  layer: (stage, layer, branch) => `stage${stage}_${layer}/${branch}`,
  transition: (stage) => `stage${stage}_tb`,
  ceil: true,
  joined: "branch2c",
};

/** The maps behind the backbone, at strides 64 and on: pairs of a 1x1 and a 3x3 convolution, the first of stride 2, the others without padding. */
function extraMaps(
  net: NetworkBuilder,
  x: Value,
  unit: PeleeUnit,
  keys: readonly (readonly [narrow: string, wide: string])[],
  narrow: readonly number[],
): Value[] {
  let y = x;
  return keys.map(([first, second], i) => {
    y = unit(net, unit(net, y, first, narrow[i]), second, 256, 3, i === 0 ? 2 : 1, i === 0 ? 1 : 0);
    return y;
  });
}

/** The authors' detector, names of Caffe's layers. */
function caffePelee(net: NetworkBuilder, input: Value, classes: number, size: Pair): Value[] {
  const [, , third, fourth] = peleeFeatures(net, input, CAFFE_FORM);
  const extras = extraMaps(net, fourth, caffeUnit, [
    ["stage4_tb/relu/ext1/fe1_1", "ext1/fe1_2"],
    ["ext1/fe2_1", "ext1/fe2_2"],
    ["ext1/fe3_1", "ext1/fe3_2"],
  ], [256, 128, 128]);
  const maps = [third, fourth, ...extras].map((x, i) => {
    const key = `stage4_tb/ext/pm${i + 2}`;
    const narrow = caffeUnit(net, caffeUnit(net, x, `${key}/b2a`, 128), `${key}/b2b`, 128, 3);
    const wide = caffeConv(net, narrow, `${key}/b2c`, 256);
    return net.activate(net.add(caffeConv(net, x, key, 256), wide, `${key}/res`), "relu");
  });
  const predictions = [maps[0], ...maps].map((x, i) => {
    const key = `ext/pm${i + 1}_mbox`, priors = priorsPerCell(CAFFE_PRIORS.sets[i]);
    return {
      boxes: caffeConv(net, x, `${key}_loc`, priors * 4),
      scores: caffeConv(net, x, `${key}_conf`, priors * (classes + 1)),
    };
  });
  return ssdOutputs(net, predictions, classes + 1, CAFFE_PRIORS, size);
}

/** The residual prediction block (figure 5), without normalisation and with nothing behind the sum, as yxlijun has it. */
function resBlock(net: NetworkBuilder, x: Value, key: string): Value {
  const unit = (y: Value, part: string, outputs: number, kernel = 1) =>
    net.activate(net.conv(y, `${key}.${part}.conv`, outputs, { kernel }), "relu");
  const deep = unit(unit(unit(x, "res1a", 128), "res1b", 128, 3), "res1c", 256);
  return net.add(deep, unit(x, "res2a", 256), `${key}.sum`);
}

/** yxlijun's detector. */
function pytorchPelee(
  net: NetworkBuilder,
  input: Value,
  classes: number,
  size: Pair,
  priors: PriorTable,
  joined: PeleeForm["joined"],
): Value[] {
  const [, , third, fourth] = peleeFeatures(net, input, { ...PELEE_FORM, ceil: true, joined });
  const keys = [0, 2, 4].map((k) => [`extras.${k}`, `extras.${k + 1}`] as const);
  const extras = extraMaps(net, fourth, basicConv, keys, [128, 128, 128]);
  const predictions = [third, fourth, ...extras].map((map, i) => {
    const x = resBlock(net, map, `resblock.${i}`), count = priorsPerCell(priors.sets[i]);
    return {
      boxes: net.conv(x, `loc.${i}`, count * 4, { bias: true }),
      scores: net.conv(x, `conf.${i}`, count * (classes + 1), { bias: true }),
    };
  });
  return ssdOutputs(net, predictions, classes + 1, priors, size);
}

const common = {
  task: "detect",
  paper: "arXiv 1804.06882",
  inputSize: [INPUT, INPUT],
  postprocessing: () => ssdPostprocessing(),
} as const;
const VOC = { classes: 20, labels: VOC_LABELS };
const COCO = { classes: 80, labels: COCO_LABELS };

/** OpenCV's blue, green, red; the mean of Caffe's densely connected networks. */
const MEAN = [103.94, 116.78, 123.68];

function caffe(
  data: Pick<Network, "classes" | "labels">,
  more: Pick<Network, "accuracy" | "weights">,
): Network {
  return {
    ...common,
    ...data,
    ...more,
    upstream: "https://github.com/Robert-JunWang/Pelee",
    licence: "Apache-2.0",
    preprocessing: opencv("bgr", MEAN, 0.017),
    build: (net, input, { classes, inputSize }) => caffePelee(net, input, classes, inputSize),
  };
}

function pytorch(
  data: Pick<Network, "classes" | "labels">,
  priors: PriorTable,
  more: Pick<Network, "accuracy" | "weights">,
  joined: PeleeForm["joined"] = "branch2b",
): Network {
  return {
    ...common,
    ...data,
    ...more,
    upstream: "https://github.com/yxlijun/Pelee.Pytorch",
    licence: "none stated",
    preprocessing: opencv("bgr", MEAN),
    build: (net, input, { classes, inputSize }) =>
      pytorchPelee(net, input, classes, inputSize, priors, joined),
  };
}

const CAFFE_MODEL = "https://raw.githubusercontent.com/Robert-JunWang/Pelee/master/model";
const README = "Robert-JunWang/Pelee, README";

/** The members of the family. */
export const pelees: NetworkTable = {
  "pelee-voc": caffe(VOC, {
    accuracy: { metric: "VOC 2007 mAP, trained on 07+12+COCO", value: 76.4, source: README },
    weights: {
      file: "pelee-voc.prototxt",
      flags: "--preset pelee-voc",
      fetch: [
        download(`${CAFFE_MODEL}/voc/deploy_merged.prototxt`, "pelee-voc.prototxt"),
        driveFile("1AH46csPPufZl3NYwk6xcHDmnYVwmN05e", "pelee-voc.caffemodel"),
      ].map(({ fetch }) => fetch).join(" && "),
    },
  }),
  "pelee-coco": caffe(COCO, {
    accuracy: { metric: "COCO mAP@[.5:.95], test-dev 2015", value: 22.4, source: README },
  }),
  "pelee-pytorch-voc": pytorch(VOC, PYTORCH_VOC_PRIORS, {
    accuracy: { metric: "VOC 2007 mAP", value: 71.76, source: "yxlijun/Pelee.Pytorch, README" },
    weights: driveFile("16HparGAVhxTDByi5RylYCkxLZYducK9j", "Pelee_VOC.pth"),
  }),
  "pelee-pytorch-coco": pytorch(COCO, PYTORCH_COCO_PRIORS, {}),
  "pelee-pytorch-voc-branch2c": pytorch(
    VOC,
    PYTORCH_VOC_PRIORS,
    {},
    "branch2c",
  ),
};
