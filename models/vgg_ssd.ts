/**
 * SSD300 on VGG-16 (Liu et al. 2016, "SSD: Single Shot MultiBox Detector", arXiv 1512.02325), RGB, 300x300.
 *
 * `ssd300-vgg16-coco` follows torchvision and has its names (torchvision/models/detection/ssd.py: ssd300_vgg16; the map at stride 8 is scaled to a learned length),
 * `ssd300-vgg16-voc` follows qfgaohao/pytorch-ssd (vision/ssd/vgg_ssd.py; that map is batch-normalised).
 *
 * @module
 */

import { COCO_COLUMNS } from "./coco.ts";
import { priorsPerCell, type PriorTable, ssdOutputs, ssdPostprocessing } from "./heads/ssd.ts";
import type { ConvOptions, NetworkBuilder, Value } from "./layers.ts";
import { driveFolder, type NetworkOptions, type NetworkTable, opencv, torchvisionFile } from "./network.ts";
import { VOC_LABELS } from "./voc.ts";

/** Channels of VGG-16's convolutions, `M` a pooling, `C` one that rounds up. */
const VGG16 = [64, 64, "M", 128, 128, "M", 256, 256, 256, "C", 512, 512, 512, "M", 512, 512, 512] as const;

/** The convolution whose map at stride 8 predicts: the tenth. */
const SOURCE = 10;

/** [narrow, wide, stride] of the maps behind the backbone; those of stride 1 have no padding. */
const EXTRAS = [[256, 512, 2], [128, 256, 2], [128, 256, 1], [128, 256, 1]] as const;

const RATIOS = [[2], [2, 3], [2, 3], [2, 3], [2], [2]];
const STEPS = [8, 16, 32, 64, 100, 300];

const priorTable = (sizes: readonly number[], clip: PriorTable["clip"]): PriorTable => ({
  size: 300,
  sets: STEPS.map((step, i) => ({ step, min: sizes[i], max: sizes[i + 1], ratios: RATIOS[i] })),
  clip,
});

/** What the two definitions vary. */
interface VggSsdForm {
  /** Name of the convolution that is the `index`-th layer of VGG-16, counted with activations and poolings. */
  readonly vgg: (index: number) => string;
  /** Name of a convolution of an extra map. */
  readonly extra: (map: number, place: 0 | 2) => string;
  readonly boxes: (map: number) => string;
  readonly scores: (map: number) => string;
  /** What is done to the map at stride 8 before its predictors. */
  readonly scale: (net: NetworkBuilder, x: Value) => Value;
  readonly priors: PriorTable;
}

function convRelu(net: NetworkBuilder, x: Value, key: string, outputs: number, options: ConvOptions): Value {
  return net.activate(net.conv(x, key, outputs, { ...options, bias: true }), "relu");
}

/** The maps at strides 8 and 16, the second behind `conv6` and `conv7`, which are VGG's fully connected layers thinned out. */
function vggFeatures(net: NetworkBuilder, input: Value, { vgg }: VggSsdForm): [Value, Value] {
  let x = input, source = input, index = 0, count = 0;
  for (const layer of VGG16) {
    if (typeof layer === "string") {
      x = net.maxPool(x, `pool${index++}`, { kernel: 2, stride: 2, ceil: layer === "C" });
    } else {
      x = convRelu(net, x, vgg(index), layer, { kernel: 3 });
      index += 2;
      if (++count === SOURCE) source = x;
    }
  }
  x = net.maxPool(x, `pool${index++}`, { kernel: 3, stride: 1, padding: 1 });
  x = convRelu(net, x, vgg(index), 1024, { kernel: 3, padding: 6, dilation: 6 });
  return [source, convRelu(net, x, vgg(index + 2), 1024, {})];
}

function vggSsd(
  net: NetworkBuilder,
  input: Value,
  { classes, inputSize }: NetworkOptions,
  form: VggSsdForm,
): Value[] {
  const { extra, boxes, scores, scale, priors } = form;
  const [eighth, sixteenth] = vggFeatures(net, input, form);
  const maps = [scale(net, eighth), sixteenth];
  EXTRAS.forEach(([narrow, wide, stride], i) => {
    const y = convRelu(net, maps.at(-1)!, extra(i, 0), narrow, {});
    maps.push(convRelu(net, y, extra(i, 2), wide, { kernel: 3, stride, padding: stride - 1 }));
  });
  const predictions = maps.map((map, i) => {
    const count = priorsPerCell(priors.sets[i]), options = { kernel: 3, bias: true };
    return {
      boxes: net.conv(map, boxes(i), count * 4, options),
      scores: net.conv(map, scores(i), count * (classes + 1), options),
    };
  });
  return ssdOutputs(net, predictions, classes + 1, priors, inputSize);
}

/** Place of VGG's second half inside torchvision's `backbone.extra.0`. */
const TORCHVISION_HALF = 23;
const TORCHVISION: VggSsdForm = {
  vgg(index) {
    if (index < TORCHVISION_HALF) return `backbone.features.${index}`;
    const place = index - TORCHVISION_HALF;
    return place < 7 ? `backbone.extra.0.${place}` : `backbone.extra.0.7.${place - 7}`;
  },
  extra: (map, place) => `backbone.extra.${map + 1}.${place}`,
  boxes: (map) => `head.regression_head.module_list.${map}`,
  scores: (map) => `head.classification_head.module_list.${map}`,
  scale(net, x) {
    const key = "backbone.scale_weight", shape = [x.shape[3]];
    const length = net.constant(key, shape, net.parameter(key, shape));
    return net.node("mul", "scaled", {}, [
      net.node("l2_normalize", "normalised", { epsilon: 1e-24 }, [x]),
      length,
    ]);
  },
  priors: priorTable([21, 45, 99, 153, 207, 261, 315], "sizes"),
};

const QFGAOHAO: VggSsdForm = {
  vgg: (index) => `base_net.${index}`,
  extra: (map, place) => `extras.${map}.${place}`,
  boxes: (map) => `regression_headers.${map}`,
  scores: (map) => `classification_headers.${map}`,
  scale: (net, x) => net.batchNorm(x, "source_layer_add_ons.0"),
  priors: priorTable([30, 60, 111, 162, 213, 264, 315], "all"),
};

const common = {
  task: "detect",
  paper: "arXiv 1512.02325",
  inputSize: [300, 300],
} as const;

/** The members of the family. */
export const vggSsds: NetworkTable = {
  "ssd300-vgg16-coco": {
    ...common,
    upstream: "https://github.com/pytorch/vision",
    licence: "BSD-3-Clause",
    classes: 90,
    labels: COCO_COLUMNS,
    preprocessing: opencv("rgb", [0.48235 * 255, 0.45882 * 255, 0.40784 * 255]),
    postprocessing: () => ssdPostprocessing(),
    accuracy: { metric: "COCO mAP@[.5:.95], val2017", value: 25.1, source: "torchvision, COCO_V1" },
    weights: torchvisionFile("ssd300_vgg16_coco-b556d3b4.pth"),
    build: (net, input, options) => vggSsd(net, input, options, TORCHVISION),
  },
  "ssd300-vgg16-voc": {
    ...common,
    upstream: "https://github.com/qfgaohao/pytorch-ssd",
    licence: "MIT",
    classes: 20,
    labels: VOC_LABELS,
    preprocessing: opencv("rgb", [123, 117, 104]),
    postprocessing: () => ssdPostprocessing({ candidates: 200 }),
    accuracy: { metric: "VOC 2007 mAP", value: 77.26, source: "qfgaohao/pytorch-ssd, README" },
    weights: driveFolder("1pKn-RifvJGWiOx0ZCRLtCXM5GT5lAluu", "vgg16-ssd-mp-0_7726.pth"),
    build: (net, input, options) => vggSsd(net, input, options, QFGAOHAO),
  },
};
