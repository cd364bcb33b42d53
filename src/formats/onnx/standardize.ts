/**
 * Normalisation by the mean and variance of the values at hand: of an instance's channels, of groups of them, of layers. Beside its mean a row is divided by a
 * norm: by the deviation, but for the root of the number of values.
 *
 * @module
 */

import { elements, formatShape, sameShape, type Shape } from "../../tensor.ts";
import {
  axisOf,
  type Call,
  computedOf,
  fail,
  type Handler,
  literalOf,
  numberOf,
  optionalLiteral,
} from "./call.ts";
import { broadcast, type Literal } from "./literal.ts";
import { meanOf } from "./reduction.ts";
import { binary } from "./broadcast.ts";
import { type Computed, known, type Value } from "./value.ts";

/** `x` as `count` rows in ONNX's order, each with mean 0 and variance 1, times `scale`, plus `bias`, which fit `shape`. */
function standardize(
  call: Call,
  x: Computed,
  count: number,
  shape: Shape,
  scale: Literal,
  bias: Literal | undefined,
): Value {
  const { to, name } = call;
  const run = elements(x.shape) / count;
  for (const { shape: found } of bias ? [scale, bias] : [scale]) {
    if (!sameShape(broadcast(found, shape) ?? [], shape)) {
      fail(call, `scale or bias is ${formatShape(found)}`, `a shape that fits ${formatShape(shape)}`);
    }
  }
  const rows = to.reshapeComputed(x, [count, run]);
  const mean = meanOf({ ...call, name: `${name}:mean` }, rows, [1]);
  const centred = binary(to, "sub", `${name}:centred`, rows, mean);
  const epsilon = numberOf(call, "epsilon", 1e-5) * run;
  const units = to.emitLike("l2_normalize", `${name}:units`, { epsilon }, to.computed(centred, name));
  const factor = to.fold.map(scale, (value) => value * Math.sqrt(run));
  const scaled = binary(to, "mul", `${name}:scaled`, to.reshapeComputed(units, shape), known(factor));
  const result = bias ? binary(to, "add", name, scaled, known(bias)) : scaled;
  return to.reshape(result, x.shape);
}

/** A vector of channels that lie on axis 1 of `rank`. */
function ofChannels(call: Call, index: number, count: number, rank: number): Literal {
  const literal = literalOf(call, index);
  if (literal.data.length !== count) {
    fail(call, `input ${index} is ${formatShape(literal.shape)}`, `${count} values`);
  }
  return { ...literal, shape: [count, ...Array(rank - 2).fill(1)] };
}

const instanceNormalization: Handler = (call) => {
  const x = computedOf(call, 0), rank = x.shape.length, [n, c] = x.shape;
  if (rank < 3) fail(call, `input is ${formatShape(x.shape)}`, "at least 3 axes (n, c, …)");
  return standardize(
    call,
    x,
    n * c,
    x.shape,
    ofChannels(call, 1, c, rank),
    ofChannels(call, 2, c, rank),
  );
};

/** From operator set 21 on scale and bias are of channels, before of groups. */
const groupNormalization: Handler = (call) => {
  const x = computedOf(call, 0), rank = x.shape.length, [n, c] = x.shape;
  const groups = numberOf(call, "num_groups", NaN);
  if (rank < 3 || !(groups >= 1) || c % groups !== 0) {
    fail(call, `input is ${formatShape(x.shape)}, num_groups ${groups}`, "channels that groups divide");
  }
  const parts = call.opset < 21 ? groups : c;
  const shape = call.opset < 21 ? [n, groups, elements(x.shape) / (n * groups)] : x.shape;
  const [scale, bias] = [1, 2].map((index) => ofChannels(call, index, parts, shape.length));
  return standardize(call, x, n * groups, shape, scale, bias);
};

const layerNormalization: Handler = (call) => {
  const x = computedOf(call, 0);
  const axis = axisOf(call, numberOf(call, "axis", -1), x.shape.length);
  return standardize(
    call,
    x,
    elements(x.shape.slice(0, axis)),
    x.shape,
    literalOf(call, 1),
    optionalLiteral(call, 2),
  );
};

/** Normalisation by statistics of the input, by ONNX's names. */
export const standardizations: Readonly<Record<string, Handler>> = {
  GroupNormalization: groupNormalization,
  InstanceNormalization: instanceNormalization,
  LayerNormalization: layerNormalization,
};
