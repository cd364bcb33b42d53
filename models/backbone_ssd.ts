/**
 * SSD (Liu et al. 2016, arXiv 1512.02325) on the backbones of the zoo, 300x300: the maps at strides 16 and 32 and four smaller ones behind them predict. `ssd-vovnet27-slim` is
 * the detector of the VoVNet paper's lightweight comparison (arXiv 1904.09730, section 4.2) in form.
 *
 * Names of ours for the head, the backbone's own for the backbone, so that an ImageNet checkpoint's keys fit. Priors as qfgaohao/pytorch-ssd's; normalisation as the
 * backbone's. For training elsewhere: no weights are published in this form.
 *
 * @module
 */

import { COCO_LABELS } from "./coco.ts";
import { cspPeleeFeatures } from "./cspnet.ts";
import { priorsPerCell, type PriorTable, ssdOutputs, ssdPostprocessing } from "./heads/ssd.ts";
import type { NetworkBuilder, Value } from "./layers.ts";
import { mobileNetV1Features } from "./mobilenet_v1.ts";
import { mobileNetV2Features } from "./mobilenet_v2.ts";
import { IMAGENET, INCEPTION, type Network, type NetworkTable } from "./network.ts";
import { peleeFeatures } from "./peleenet.ts";
import { resNetFeatures, RESNETS } from "./resnet.ts";
import { eseVovFeatures, vovFeatures, VOVNETS } from "./vovnet.ts";

const PRIORS: PriorTable = {
  size: 300,
  sets: [60, 105, 150, 195, 240, 285].map((min) => ({ min, max: min + 45, ratios: [2, 3] })),
};

/** Channels of the maps behind the backbone: [narrow, wide]. */
const EXTRAS = [[256, 512], [128, 256], [128, 256], [128, 256]] as const;

/** The maps of a backbone at strides 16 and 32. */
type Backbone = (net: NetworkBuilder, input: Value) => readonly [Value, Value];

const lastTwo = (maps: readonly Value[]): [Value, Value] => [maps[maps.length - 2], maps[maps.length - 1]];

function convRelu(
  net: NetworkBuilder,
  x: Value,
  key: string,
  outputs: number,
  kernel = 1,
  stride = 1,
): Value {
  const y = net.batchNorm(net.conv(x, `${key}.conv`, outputs, { kernel, stride }), `${key}.norm`);
  return net.activate(y, "relu");
}

function ssd(name: string, backbone: Backbone, paper: string, preprocessing = IMAGENET): Network {
  return {
    task: "detect",
    paper: `${paper}, arXiv 1512.02325`,
    upstream: `backbone as ${name}; head of ours`,
    licence: "MIT",
    inputSize: [300, 300],
    classes: COCO_LABELS.length,
    labels: COCO_LABELS,
    preprocessing,
    postprocessing: () => ssdPostprocessing(),
    build(net, input, { classes, inputSize }) {
      const maps: Value[] = [...backbone(net, input)];
      EXTRAS.forEach(([narrow, wide], i) => {
        const y = convRelu(net, maps.at(-1)!, `ssd.extras.${i}.narrow`, narrow);
        maps.push(convRelu(net, y, `ssd.extras.${i}.wide`, wide, 3, 2));
      });
      const predictions = maps.map((map, i) => {
        const priors = priorsPerCell(PRIORS.sets[i]), options = { kernel: 3, bias: true };
        return {
          boxes: net.conv(map, `ssd.boxes.${i}`, priors * 4, options),
          scores: net.conv(map, `ssd.scores.${i}`, priors * (classes + 1), options),
        };
      });
      return ssdOutputs(net, predictions, classes + 1, PRIORS, inputSize);
    },
  };
}

/** Behind which block of MobileNetV2 the map at stride 16 comes. */
const MOBILENET_V2_SOURCE = 13;

/** The members of the family. */
export const backboneSsds: NetworkTable = {
  "ssd-vovnet27-slim": ssd(
    "vovnet27-slim",
    (net, input) => lastTwo(vovFeatures(net, input, VOVNETS.vovnet27Slim)),
    "arXiv 1904.09730",
  ),
  "ssd-vovnet39": ssd(
    "vovnet39",
    (net, input) => lastTwo(vovFeatures(net, input, VOVNETS.vovnet39)),
    "arXiv 1904.09730",
  ),
  "ssd-ese-vovnet19b-dw": ssd(
    "ese-vovnet19b-dw",
    (net, input) => lastTwo(eseVovFeatures(net, input, VOVNETS.ese19bDw)),
    "arXiv 1911.06667",
  ),
  "ssd-peleenet": ssd("peleenet", (net, input) => lastTwo(peleeFeatures(net, input)), "arXiv 1804.06882"),
  "ssd-csppeleenet": ssd(
    "csppeleenet",
    (net, input) => lastTwo(cspPeleeFeatures(net, input)),
    "arXiv 1911.11929",
  ),
  "ssd-mobilenetv1": ssd(
    "mobilenetv1",
    (net, input) => lastTwo(mobileNetV1Features(net, input, 1)),
    "arXiv 1704.04861",
    INCEPTION,
  ),
  "ssd-mobilenetv2": ssd("mobilenetv2", (net, input) => {
    const blocks = mobileNetV2Features(net, input, 1);
    return [blocks[MOBILENET_V2_SOURCE], blocks[blocks.length - 1]];
  }, "arXiv 1801.04381"),
  "ssd-resnet18": ssd(
    "resnet18",
    (net, input) => lastTwo(resNetFeatures(net, input, RESNETS.resnet18)),
    "arXiv 1512.03385",
  ),
  "ssd-resnet50": ssd(
    "resnet50",
    (net, input) => lastTwo(resNetFeatures(net, input, RESNETS.resnet50)),
    "arXiv 1512.03385",
  ),
};
