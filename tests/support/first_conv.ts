/** First convolutions of networks, at every edge. */
import type { Activation } from "../../src/ops/activation.ts";
import type { Conv2dAttrs } from "../../src/ops/conv2d.ts";
import type { Random } from "./random.ts";

/** Pictures, and their size. */
export type Plane = readonly [n: number, h: number, w: number];

/** A convolution of three channels. */
export interface FirstConv {
  readonly plane: Plane;
  readonly outputs: number;
  readonly kernel: readonly [kh: number, kw: number];
  readonly attrs: Conv2dAttrs;
  readonly bias?: boolean;
  readonly residual?: boolean;
}

/** The output's shape. */
export function sizeOf(
  { plane: [n, h, w], outputs, kernel: [kh, kw], attrs }: FirstConv,
): [number, number, number, number] {
  const { strides: [sy, sx], padding: [top, left, bottom, right], dilations: [dy] } = attrs;
  const reach = (kh - 1) * dy + 1;
  return [
    n,
    Math.floor((h + top + bottom - reach) / sy) + 1,
    Math.floor((w + left + right - kw) / sx) + 1,
    outputs,
  ];
}

const activations: readonly (Activation | undefined)[] = [
  undefined,
  { op: "leaky_relu", attrs: { alpha: 0.1 } },
  { op: "silu", attrs: {} },
];

/** Any of them. */
export function firstConvOf(random: Random): FirstConv {
  const kernel = [random.pick([1, 2, 3, 5, 7]), random.pick([2, 3, 3, 4, 4, 5, 7])] as const;
  const strides = [random.integer(1, 3), random.integer(1, 3)] as const;
  const dilations = [random.pick([1, 1, 2]), 1] as const;
  const padding = [0, 0, 0, 0].map((_, i) => random.integer(0, kernel[i % 2] - 1)) as unknown as [
    number,
    number,
    number,
    number,
  ];
  const least = [
    (kernel[0] - 1) * dilations[0] + 1 - padding[0] - padding[2],
    kernel[1] - padding[1] - padding[3],
  ];
  const [h, w] = least.map((side) => Math.max(1, side) + random.pick([0, 0, 1, random.integer(0, 20)]));
  const activation = random.pick(activations);
  return {
    plane: [random.pick([1, 1, 2]), h, w],
    outputs: random.pick([1, 3, 4, 4, 7, 8, 16, 17, 24, 32]),
    kernel,
    attrs: {
      strides,
      padding,
      dilations,
      groups: 1,
      ...(activation ? { activation } : { limits: { lo: -60, hi: 90 } }),
    },
    bias: random.pick([true, false]),
    residual: random.pick([true, false]),
  };
}
