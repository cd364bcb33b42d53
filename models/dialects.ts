/**
 * Names that others give to the tensors of networks in the zoo, translated to those that the zoo knows.
 *
 * @module
 */

import { MOBILENET_V2_BLOCKS } from "./mobilenet_v2.ts";

/** One way to name a network's tensors. */
interface Dialect {
  /** Whose it is. */
  readonly source: string;
  /** A key that only it has. */
  readonly sign: RegExp;
  /** From its keys to the zoo's. */
  readonly translate: (key: string) => string;
}

/** First block of each stage of MobileNetV2, counted as torchvision does: from 1, behind the stem. */
const firstBlocks = MOBILENET_V2_BLOCKS.map((_, stage) =>
  MOBILENET_V2_BLOCKS.slice(0, stage).reduce((sum, count) => sum + count, 1)
);

/** Members of a block of timm's MobileNetV2, as torchvision places them: with an expansion, and without. */
const EXPANDED: Readonly<Record<string, string>> = {
  conv_pw: "conv.0.0",
  bn1: "conv.0.1",
  conv_dw: "conv.1.0",
  bn2: "conv.1.1",
  conv_pwl: "conv.2",
  bn3: "conv.3",
};
const SEPARABLE: Readonly<Record<string, string>> = {
  conv_dw: "conv.0.0",
  bn1: "conv.0.1",
  conv_pw: "conv.1",
  bn2: "conv.2",
};

/** Members of timm's MobileNetV2 outside of its blocks. */
const last = firstBlocks.at(-1)! + MOBILENET_V2_BLOCKS.at(-1)!;
const OUTSIDE: Readonly<Record<string, string>> = {
  conv_stem: "features.0.0",
  bn1: "features.0.1",
  conv_head: `features.${last}.0`,
  bn2: `features.${last}.1`,
  classifier: "classifier.1",
};

/** What Keras calls the parts of a batch normalisation. */
const KERAS_NORM: Readonly<Record<string, string>> = {
  gamma: "weight",
  beta: "bias",
  mean: "running_mean",
  var: "running_var",
};

const dialects: readonly Dialect[] = [
  {
    source: "torchvision's DenseNet before 0.4, as its published files still are",
    sign: /\.denselayer\d+\.norm\.1\.weight$/,
    translate: (key) => key.replace(/(\.denselayer\d+\.(?:norm|conv))\.([12])\./, "$1$2."),
  },
  {
    source: "timm's MobileNetV2 (timm/models/efficientnet.py)",
    sign: /^blocks\.1\.0\.conv_pwl\.weight$/,
    translate(key) {
      const [, stage, block, member, rest] = /^blocks\.(\d+)\.(\d+)\.(\w+)\.(\w+)$/.exec(key) ?? [];
      if (stage !== undefined) {
        const place = (stage === "0" ? SEPARABLE : EXPANDED)[member];
        return `features.${firstBlocks[Number(stage)] + Number(block)}.${place}.${rest}`;
      }
      const [head, tail] = key.split(".");
      return Object.hasOwn(OUTSIDE, head) ? `${OUTSIDE[head]}.${tail}` : key;
    },
  },
  {
    source: "Keras",
    sign: /^conv2d\.bn\.gamma$/,
    translate: (key) => key.replace(/\.bn\.(gamma|beta|mean|var)$/, (_, part) => `.bn.${KERAS_NORM[part]}`),
  },
];

/** Tensors under the keys that the zoo knows them by. */
export function translateKeys<Value>(state: ReadonlyMap<string, Value>): ReadonlyMap<string, Value> {
  const keys = [...state.keys()];
  const dialect = dialects.find(({ sign }) => keys.some((key) => sign.test(key)));
  return dialect ? new Map([...state].map(([key, value]) => [dialect.translate(key), value])) : state;
}
