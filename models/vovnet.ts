/**
 * VoVNet (Lee et al. 2019, "An Energy and GPU-Computation Efficient Backbone Network for Real-Time Object Detection", arXiv 1904.09730) with the names of
 * stigma0617/VoVNet.pytorch (models_vovnet/vovnet.py), and VoVNetV2 (Lee and Park 2020, "CenterMask", arXiv 1911.06667) with effective squeeze-and-excitation and
 * timm's names (timm/models/vovnet.py). Input RGB, 224x224, normalised by ImageNet's mean and deviation.
 *
 * @module
 */

import type { NetworkBuilder, Value } from "./layers.ts";
import { download, IMAGENET, type Network, type NetworkTable, timmFile } from "./network.ts";

/** What a member of the family varies. */
export interface VovNetConfig {
  /** Channels of the three convolutions of the stem. */
  readonly stem: readonly [number, number, number];
  /** Channels of the convolutions of each stage's OSA modules. */
  readonly inner: readonly number[];
  /** Channels that each stage gives. */
  readonly outputs: readonly number[];
  /** OSA modules of each stage. */
  readonly modules: readonly number[];
  /** Convolutions of a module. */
  readonly layers: number;
}

/** Convolution, normalisation, ReLU, under the names of the original code: `KEY/conv`, `KEY/norm`. */
function convNorm(
  net: NetworkBuilder,
  x: Value,
  key: string,
  outputs: number,
  kernel = 3,
  stride = 1,
): Value {
  return net.activate(
    net.batchNorm(net.conv(x, `${key}/conv`, outputs, { kernel, stride }), `${key}/norm`),
    "relu",
  );
}

/** One-shot aggregation (figure 1b): every convolution's map is concatenated once, at the end. */
function osaModule(
  net: NetworkBuilder,
  x: Value,
  stage: string,
  name: string,
  inner: number,
  outputs: number,
  layers: number,
  identity: boolean,
): Value {
  const maps = [x];
  for (let i = 0; i < layers; i++) {
    maps.push(convNorm(net, maps[i], `${stage}.${name}.layers.${i}.${name}_${i}`, inner));
  }
  const joined = net.concat(maps, `${stage}.${name}.cat`);
  const y = convNorm(net, joined, `${stage}.${name}.concat.${name}_concat`, outputs, 1);
  return identity ? net.add(y, x, `${stage}.${name}.sum`) : y;
}

/** The feature extractor: the maps of stages 2 to 5, at strides 4, 8, 16 and 32. */
export function vovFeatures(net: NetworkBuilder, input: Value, config: VovNetConfig): Value[] {
  const { stem, inner, outputs, modules, layers } = config;
  let x = input;
  stem.forEach((channels, i) => x = convNorm(net, x, `stem.stem_${i + 1}`, channels, 3, i === 1 ? 1 : 2));
  return modules.map((count, i) => {
    const stage = `stage${i + 2}`;
    if (i > 0) x = net.maxPool(x, `${stage}.Pooling`, { kernel: 3, stride: 2, ceil: true });
    for (let module = 1; module <= count; module++) {
      x = osaModule(net, x, stage, `OSA${i + 2}_${module}`, inner[i], outputs[i], layers, module > 1);
    }
    return x;
  });
}

/** What a member of the second version varies beside. */
export interface EseConfig extends VovNetConfig {
  /** Whether convolutions are depthwise separable. */
  readonly depthwise: boolean;
}

/** Convolution, normalisation, ReLU under timm's names; separable where asked for. */
function timmConv(
  net: NetworkBuilder,
  x: Value,
  key: string,
  outputs: number,
  { stride = 1, kernel = 3, depthwise = false } = {},
): Value {
  if (!depthwise) {
    return net.activate(
      net.batchNorm(net.conv(x, `${key}.conv`, outputs, { kernel, stride }), `${key}.bn`),
      "relu",
    );
  }
  const filtered = net.conv(x, `${key}.conv_dw`, x.shape[3], { kernel, stride, groups: x.shape[3] });
  return net.activate(net.batchNorm(net.conv(filtered, `${key}.conv_pw`, outputs), `${key}.bn`), "relu");
}

/** Effective squeeze-and-excitation: one fully connected layer, hard sigmoid. */
function eseGate(net: NetworkBuilder, x: Value, key: string): Value {
  const weights = net.conv(net.globalPool(x, `${key}.pool`), `${key}.fc`, x.shape[3], { bias: true });
  const gate = net.node("hard_sigmoid", `${key}.gate`, { alpha: 1 / 6, beta: 0.5 }, [weights]);
  return net.node("mul", `${key}.scale`, {}, [x, gate]);
}

/** The feature extractor of the second version. */
export function eseVovFeatures(net: NetworkBuilder, input: Value, config: EseConfig): Value[] {
  const { stem, inner, outputs, modules, layers, depthwise } = config;
  let x = timmConv(net, input, "stem.0", stem[0], { stride: 2 });
  x = timmConv(net, x, "stem.1", stem[1], { depthwise });
  x = timmConv(net, x, "stem.2", stem[2], { stride: 2, depthwise });
  return modules.map((count, i) => {
    if (i > 0) x = net.maxPool(x, `stages.${i}.pool`, { kernel: 3, stride: 2, ceil: true });
    for (let block = 0; block < count; block++) {
      const key = `stages.${i}.blocks.${block}`, maps = [x];
      let y = x;
      if (depthwise && x.shape[3] !== inner[i]) {
        y = timmConv(net, x, `${key}.conv_reduction`, inner[i], { kernel: 1 });
      }
      for (let layer = 0; layer < layers; layer++) {
        y = timmConv(net, y, `${key}.conv_mid.${layer}`, inner[i], { depthwise });
        maps.push(y);
      }
      y = timmConv(net, net.concat(maps, `${key}.cat`), `${key}.conv_concat`, outputs[i], { kernel: 1 });
      if (block === count - 1) y = eseGate(net, y, `${key}.attn`);
      x = block > 0 ? net.add(y, x, `${key}.sum`) : y;
    }
    return x;
  });
}

const WIDE = {
  stem: [64, 64, 128],
  inner: [128, 160, 192, 224],
  outputs: [256, 512, 768, 1024],
  layers: 5,
} as const;
const SLIM = {
  stem: [64, 64, 128],
  inner: [64, 80, 96, 112],
  outputs: [128, 256, 384, 512],
  layers: 5,
} as const;

/** What the members vary. */
export const VOVNETS = {
  vovnet27Slim: { ...SLIM, modules: [1, 1, 1, 1] },
  vovnet39: { ...WIDE, modules: [1, 1, 2, 2] },
  vovnet57: { ...WIDE, modules: [1, 1, 4, 3] },
  vovnet19: { ...WIDE, layers: 3, modules: [1, 1, 1, 1] },
  ese19bDw: { ...WIDE, stem: [64, 64, 64], layers: 3, modules: [1, 1, 1, 1], depthwise: true },
  ese19bSlim: { ...SLIM, outputs: [112, 256, 384, 512], layers: 3, modules: [1, 1, 1, 1], depthwise: false },
  ese39b: { ...WIDE, modules: [1, 1, 2, 2], depthwise: false },
} as const;

const common = {
  task: "classify",
  inputSize: [224, 224],
  classes: 1000,
  preprocessing: IMAGENET,
} as const;

function original(config: VovNetConfig, more: Partial<Network> = {}, lastWidth = 0): Network {
  return {
    ...common,
    paper: "arXiv 1904.09730",
    upstream: "https://github.com/stigma0617/VoVNet.pytorch",
    licence: "none stated",
    crop: 0.875,
    build(net, input, { classes }) {
      let x = vovFeatures(net, input, config)[3];
      if (lastWidth > 0) x = convNorm(net, x, "head.conv", lastWidth, 1);
      return [net.linear(net.globalPool(x), "classifier", classes)];
    },
    ...more,
  };
}

function ese(config: EseConfig, published: Pick<Network, "accuracy" | "weights"> = {}): Network {
  return {
    ...common,
    paper: "arXiv 1911.06667",
    upstream: "https://github.com/huggingface/pytorch-image-models",
    licence: "Apache-2.0",
    ...published,
    crop: 0.875,
    build(net, input, { classes }) {
      return [net.linear(net.globalPool(eseVovFeatures(net, input, config)[3]), "head.fc", classes)];
    },
  };
}

const timm = (top1: number, checkpoint: string): Pick<Network, "accuracy" | "weights"> => ({
  accuracy: { metric: "ImageNet top-1", value: top1, source: "timm documentation, results" },
  weights: timmFile(checkpoint),
});

/** The members of the family. */
export const vovnets: NetworkTable = {
  "vovnet27-slim": original(VOVNETS.vovnet27Slim),
  vovnet39: original(VOVNETS.vovnet39, {
    accuracy: { metric: "ImageNet top-1", value: 76.77, source: "stigma0617/VoVNet.pytorch, README" },
    weights: download(
      "https://dl.dropbox.com/s/1lnzsgnixd8gjra/vovnet39_torchvision.pth?dl=1",
      "vovnet39_torchvision.pth",
    ),
  }),
  vovnet57: original(VOVNETS.vovnet57, {
    accuracy: { metric: "ImageNet top-1", value: 77.73, source: "stigma0617/VoVNet.pytorch, README" },
    weights: download(
      "https://dl.dropbox.com/s/6bfu9gstbwfw31m/vovnet57_torchvision.pth?dl=1",
      "vovnet57_torchvision.pth",
    ),
  }),
  vovnet19: original(VOVNETS.vovnet19),
  vovnet27: original(VOVNETS.vovnet27Slim, {}, 1280),
  "ese-vovnet19b-dw": ese(VOVNETS.ese19bDw, timm(76.798, "ese_vovnet19b_dw.ra_in1k")),
  "ese-vovnet19b-slim": ese(VOVNETS.ese19bSlim),
  "ese-vovnet39b": ese(VOVNETS.ese39b, timm(79.32, "ese_vovnet39b.ra_in1k")),
};
