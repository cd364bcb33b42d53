/**
 * Products with known matrices, which are convolutions of one pixel: Gemm and MatMul.
 *
 * @module
 */

import { elements, formatShape } from "../../tensor.ts";
import { binary } from "./broadcast.ts";
import {
  type Call,
  computedOf,
  fail,
  type Handler,
  inputOf,
  literalOf,
  numberOf,
  optionalLiteral,
} from "./call.ts";
import { type Computed, innerShape, known, plain, type Value } from "./value.ts";

/** Multiplies the last axis of a value with a weight that is `[k, n]` in our graph. */
function product(call: Call, x: Value, weight: string, columns: number, bias?: string): Computed {
  const { to, name } = call;
  const computed = to.computed(x, name);
  const last = computed.shape.length - 1;
  const source = computed.order[last] === last ? computed : to.arrange(computed, plain(last + 1));
  const { name: output } = to.dense(source.name, name, weight, bias, innerShape(source).slice(0, -1));
  return { ...source, name: output, shape: [...source.shape.slice(0, -1), columns] };
}

/** Gemm: alpha * A B + beta * C, with a known B. */
export const gemm: Handler = (call) => {
  const { to, name } = call;
  const a = computedOf(call, 0), b = literalOf(call, 1);
  if (a.shape.length !== 2 || b.shape.length !== 2) {
    fail(call, `operands are ${formatShape(a.shape)} and ${formatShape(b.shape)}`, "2 axes each");
  }
  const x = numberOf(call, "transA", 0) ? to.transpose(a, [1, 0]) : a;
  const transposed = numberOf(call, "transB", 0) !== 0;
  const alpha = numberOf(call, "alpha", 1), beta = numberOf(call, "beta", 1);
  const weight = to.constant(b, name, `weight_${transposed}_${alpha}`, () => {
    const matrix = transposed ? to.fold.transpose(b, [1, 0]) : b;
    const { shape, data } = alpha === 1 ? matrix : to.fold.map(matrix, (value) => value * alpha);
    return { shape: [1, 1, ...shape], data };
  });
  const [k, n] = transposed ? b.shape.toReversed() : b.shape;
  if (k !== x.shape[1]) {
    fail(call, `A is ${formatShape(x.shape)}, B has ${k} rows`, "as many rows as A has columns");
  }
  const c = optionalLiteral(call, 2);
  if (!c || beta === 0) return product(call, x, weight, n);
  const scaled = beta === 1 ? c : to.fold.map(c, (value) => value * beta);
  const row = elements(c.shape) === 1 || (elements(c.shape) === n && c.shape.at(-1) === n);
  if (row) {
    const bias = to.constant(c, name, `bias_${n}_${beta}`, () => {
      const vector = elements(c.shape) === 1 ? to.fold.expand({ ...scaled, shape: [1] }, [n]) : scaled;
      return { shape: [n], data: vector.data };
    });
    return product(call, x, weight, n, bias);
  }
  return binary(to, "add", name, product({ ...call, name: `${name}:product` }, x, weight, n), known(scaled));
};

/** MatMul of a computed tensor with a known matrix. */
export const matMul: Handler = (call) => {
  const { to, name } = call;
  const a = inputOf(call, 0), b = literalOf(call, 1);
  const [k, n] = b.shape.slice(-2);
  if (b.shape.length < 2 || elements(b.shape) !== k * n || a.shape.at(-1) !== k) {
    fail(
      call,
      `operands are ${formatShape(a.shape)} and ${formatShape(b.shape)}`,
      "a tensor, and a matrix with as many rows as the tensor's last axis",
    );
  }
  const weight = to.constant(b, name, "matrix", () => ({ shape: [1, 1, k, n], data: b.data }));
  return product(call, a, weight, n);
};
