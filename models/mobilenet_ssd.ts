/**
 * SSD and SSDLite (Sandler et al. 2018, arXiv 1801.04381, section 6.2: separable predictors) on MobileNetV1 and V2, 300x300, RGB to [-1, 1].
 *
 * Follows qfgaohao/pytorch-ssd and has its names (vision/ssd/mobilenetv1_ssd.py, mobilenetv1_ssd_lite.py, mobilenet_v2_ssd_lite.py).
 *
 * @module
 */

import { priorsPerCell, type PriorTable, ssdOutputs, ssdPostprocessing } from "./heads/ssd.ts";
import type { NetworkBuilder, Value } from "./layers.ts";
import { MOBILENET_V1_STAGES } from "./mobilenet_v1.ts";
import { flatNames, invertedResidual, mobileNetV2Features } from "./mobilenet_v2.ts";
import { driveFolder, type Network, type NetworkOptions, type NetworkTable, opencv } from "./network.ts";
import { VOC_LABELS } from "./voc.ts";

/** vision/ssd/config/mobilenetv1_ssd_config.py. */
const PRIORS: PriorTable = {
  size: 300,
  sets: [
    [16, 60, 105],
    [32, 105, 150],
    [64, 150, 195],
    [100, 195, 240],
    [150, 240, 285],
    [300, 285, 330],
  ].map(([step, min, max]) => ({ step, min, max, ratios: [2, 3] })),
  clip: "all",
};

/** A predictor, or the second half of an extra map. */
type Layer = (
  net: NetworkBuilder,
  x: Value,
  key: string,
  outputs: number,
  options?: { readonly kernel?: number; readonly stride?: number },
) => Value;

const plain: Layer = (net, x, key, outputs, { kernel = 3, stride = 1 } = {}) =>
  net.conv(x, key, outputs, { kernel, stride, bias: true });

/** Depthwise, ReLU, 1x1. */
const separable: Layer = (net, x, key, outputs, { stride = 1 } = {}) => {
  const channels = x.shape[3];
  const filtered = net.conv(x, `${key}.0`, channels, { kernel: 3, stride, groups: channels, bias: true });
  return net.conv(net.activate(filtered, "relu"), `${key}.2`, outputs, { bias: true });
};

/** Depthwise, normalisation, ReLU6, 1x1. */
const normedSeparable: Layer = (net, x, key, outputs) => {
  const channels = x.shape[3];
  const filtered = net.conv(x, `${key}.0`, channels, { kernel: 3, groups: channels, bias: true });
  const y = net.activate(net.batchNorm(filtered, `${key}.1`), "relu6");
  return net.conv(y, `${key}.3`, outputs, { bias: true });
};

/** Predictors at all maps; the last map may have another kind. */
function predict(
  net: NetworkBuilder,
  maps: readonly Value[],
  { classes, inputSize }: NetworkOptions,
  predictor: Layer,
  lastKernel = 1,
): Value[] {
  const columns = classes + 1;
  const predictions = maps.map((map, i) => {
    const priors = priorsPerCell(PRIORS.sets[i]), last = i === maps.length - 1;
    const layer = (key: string, outputs: number) =>
      last
        ? plain(net, map, `${key}.${i}`, outputs, { kernel: lastKernel })
        : predictor(net, map, `${key}.${i}`, outputs);
    return {
      boxes: layer("regression_headers", priors * 4),
      scores: layer("classification_headers", priors * columns),
    };
  });
  return ssdOutputs(net, predictions, columns, PRIORS, inputSize);
}

/** MobileNetV1 as a flat list of layers with ReLU (vision/nn/mobilenet.py); the maps at strides 16 and 32. */
function mobileNetV1Layers(net: NetworkBuilder, input: Value): [Value, Value] {
  const layer = (x: Value, key: string, place: number, outputs: number, options: object) =>
    net.activate(
      net.batchNorm(net.conv(x, `${key}.${place}`, outputs, options), `${key}.${place + 1}`),
      "relu",
    );
  let x = layer(input, "base_net.0", 0, 32, { kernel: 3, stride: 2 }), index = 1;
  const stages = MOBILENET_V1_STAGES.map(([blocks, outputs, stride]) => {
    for (let block = 0; block < blocks; block++) {
      const key = `base_net.${index++}`, channels = x.shape[3];
      const filter = { kernel: 3, stride: block === 0 ? stride : 1, groups: channels };
      x = layer(layer(x, key, 0, channels, filter), key, 3, outputs, {});
    }
    return x;
  });
  return [stages[3], stages[4]];
}

/** The maps behind the backbone: [narrow, wide] of each. */
const V1_EXTRAS = [[256, 512], [128, 256], [128, 256], [128, 256]] as const;

function mobileNetV1Ssd(net: NetworkBuilder, input: Value, options: NetworkOptions, lite: boolean): Value[] {
  const maps: Value[] = mobileNetV1Layers(net, input);
  V1_EXTRAS.forEach(([narrow, wide], i) => {
    const y = net.activate(plain(net, maps.at(-1)!, `extras.${i}.0`, narrow, { kernel: 1 }), "relu");
    const next = lite
      ? separable(net, y, `extras.${i}.2`, wide, { stride: 2 })
      : net.activate(plain(net, y, `extras.${i}.2`, wide, { stride: 2 }), "relu");
    maps.push(next);
  });
  return predict(net, maps, options, lite ? separable : plain, lite ? 1 : 3);
}

/** Outputs of the maps behind the backbone, and their inner channels over those that come in. */
const V2_EXTRAS = [[512, 0.2], [256, 0.25], [256, 0.5], [64, 0.25]] as const;

/** Block whose wide map is the one at stride 16. */
const V2_SOURCE = 14;

function mobileNetV2Ssd(net: NetworkBuilder, input: Value, options: NetworkOptions): Value[] {
  const maps: Value[] = [];
  const blocks = mobileNetV2Features(net, input, 1, {
    prefix: "base_net",
    names: flatNames,
    expanded: (block, wide) => block === V2_SOURCE && maps.push(wide),
  });
  maps.push(blocks.at(-1)!);
  V2_EXTRAS.forEach(([outputs, expansion], i) => {
    const x = maps.at(-1)!, inner = Math.round(x.shape[3] * expansion);
    maps.push(invertedResidual(net, x, `extras.${i}`, outputs, { stride: 2, inner, names: flatNames }));
  });
  return predict(net, maps, options, normedSeparable);
}

const common = {
  task: "detect",
  upstream: "https://github.com/qfgaohao/pytorch-ssd",
  licence: "MIT",
  inputSize: [300, 300],
  classes: 20,
  labels: VOC_LABELS,
  preprocessing: opencv("rgb", [127, 127, 127], 1 / 128),
  postprocessing: () => ssdPostprocessing({ candidates: 200 }),
} as const;

const published = (file: string, map: number): Pick<Network, "accuracy" | "weights"> => ({
  accuracy: { metric: "VOC 2007 mAP", value: map, source: "qfgaohao/pytorch-ssd, README" },
  weights: driveFolder("1pKn-RifvJGWiOx0ZCRLtCXM5GT5lAluu", file),
});

/** The members of the family. */
export const mobilenetSsds: NetworkTable = {
  "mobilenetv1-ssd-voc": {
    ...common,
    paper: "arXiv 1704.04861, arXiv 1512.02325",
    ...published("mobilenet-v1-ssd-mp-0_675.pth", 67.5),
    build: (net, input, options) => mobileNetV1Ssd(net, input, options, false),
  },
  "mobilenetv1-ssdlite-voc": {
    ...common,
    paper: "arXiv 1704.04861, arXiv 1801.04381",
    build: (net, input, options) => mobileNetV1Ssd(net, input, options, true),
  },
  "mobilenetv2-ssdlite-voc": {
    ...common,
    paper: "arXiv 1801.04381",
    ...published("mb2-ssd-lite-mp-0_686.pth", 68.6),
    build: (net, input, options) => mobileNetV2Ssd(net, input, options),
  },
};
