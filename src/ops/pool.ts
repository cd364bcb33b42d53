/**
 * Max and average pooling. A global average is an average over the whole plane.
 *
 * @module
 */

import { GraphError } from "../errors.ts";
import { outputPlane, type Padding, type Pair, type Window } from "../geometry.ts";
import type { Limits } from "../kernels/emitter.ts";
import { emitPool, type PoolKind } from "../kernels/pool.ts";
import { elements, formatShape, type Shape } from "../tensor.ts";
import { checkInputs, checkIntegers, checkLimits, checkNhwc, limit, type Op } from "./op.ts";

/** Attributes of the pooling operators. */
export interface PoolAttrs {
  /** Extents of the window. */
  readonly kernel: Pair;
  /** Input pixels from one window to the next. */
  readonly strides: Pair;
  /** Top, left, bottom, right; a rounding-up rule is resolved to more padding at the bottom and right. */
  readonly padding: Padding;
  /** Clamp of the output. */
  readonly limits?: Limits;
}

/** Attributes of `avg_pool`. */
export interface AvgPoolAttrs extends PoolAttrs {
  /** Whether padding counts in the divisor. */
  readonly countPadding: boolean;
}

function windowOf(attrs: PoolAttrs): Window {
  return { ...attrs, dilations: [1, 1] };
}

function infer(attrs: PoolAttrs, inputs: readonly Shape[], where: string): Shape {
  checkInputs(where, inputs, 1);
  const [x] = inputs;
  checkNhwc(where, x);
  checkIntegers(where, "kernel", attrs.kernel, 2, 1);
  checkIntegers(where, "strides", attrs.strides, 2, 1);
  checkIntegers(where, "padding", attrs.padding, 4, 0);
  checkLimits(where, attrs.limits);
  if (attrs.padding.some((p, side) => p >= attrs.kernel[side % 2])) {
    throw new GraphError(
      `Cannot run ${where}: padding ${attrs.padding} is not smaller than the window ${attrs.kernel}`,
    );
  }
  const [oh, ow] = outputPlane([x[1], x[2]], windowOf(attrs));
  if (oh < 1 || ow < 1) {
    throw new GraphError(
      `Cannot run ${where}: window ${formatShape(attrs.kernel)} is larger than input ${formatShape(x)}`,
    );
  }
  return [x[0], oh, ow, x[3]];
}

/** Calls `visit` with the values under each window, in output order. */
function eachWindow(
  attrs: PoolAttrs,
  x: { shape: Shape; data: Float32Array },
  output: Shape,
  visit: (values: number[]) => number,
): Float32Array {
  const [, h, w, channels] = x.shape;
  const [batch, oh, ow] = output;
  const y = new Float32Array(elements(output));
  let at = 0;
  for (let n = 0; n < batch; n++) {
    for (let oy = 0; oy < oh; oy++) {
      for (let ox = 0; ox < ow; ox++) {
        for (let c = 0; c < channels; c++) {
          const values = [];
          for (let ky = 0; ky < attrs.kernel[0]; ky++) {
            for (let kx = 0; kx < attrs.kernel[1]; kx++) {
              const iy = oy * attrs.strides[0] - attrs.padding[0] + ky;
              const ix = ox * attrs.strides[1] - attrs.padding[1] + kx;
              if (iy < 0 || iy >= h || ix < 0 || ix >= w) continue;
              values.push(x.data[((n * h + iy) * w + ix) * channels + c]);
            }
          }
          y[at++] = limit(visit(values), attrs.limits);
        }
      }
    }
  }
  return y;
}

function poolOp<Attrs extends PoolAttrs>(
  kind: (attrs: Attrs) => PoolKind,
  reduce: (values: number[], attrs: Attrs) => number,
): Op<Attrs> {
  return {
    clamps: true,
    infer,
    reference: (attrs, [x], output) => eachWindow(attrs, x, output, (values) => reduce(values, attrs)),
    lower: (node) =>
      emitPool(
        node.input(0),
        windowOf(node.attrs),
        kind(node.attrs),
        node.output,
        node.attrs.limits,
        node.emitter,
      ),
  };
}

/** Input: x `[n, h, w, c]`. Output `[n, oh, ow, c]`: the largest value under each window; padding never wins. */
export const maxPool: Op<PoolAttrs> = poolOp(
  () => "max",
  (values) => values.reduce((a, b) => Math.max(a, b)),
);

/** Input: x `[n, h, w, c]`. Output `[n, oh, ow, c]`: the mean under each window. */
export const avgPool: Op<AvgPoolAttrs> = poolOp(
  (attrs) => attrs.countPadding ? "average_all" : "average",
  (values, attrs) =>
    values.reduce((a, b) => a + b, 0) /
    (attrs.countPadding ? attrs.kernel[0] * attrs.kernel[1] : values.length),
);
