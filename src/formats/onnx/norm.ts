/**
 * Division by a Euclidean norm, as exporters spell it out: the norm is noted where it is made, followed through the operators that keep it from zero, and
 * becomes our `l2_normalize` where a tensor is divided by its own.
 *
 * @module
 */

import { axisOf, type Call, computedOf, fail, type Handler, numberOf } from "./call.ts";
import { arrangeLast } from "./translator.ts";
import type { Computed, Value } from "./value.ts";

/** What is added to a norm or limits it from below is taken for a sum under the root while it is no larger than this. */
const MAX_EPSILON = 1e-5;

/** Added to the squares where ONNX adds nothing, so that zeros stay zeros. */
const LEAST_EPSILON = 1e-30;

/** Notes that `result` has the values of the norm `from`. */
export function keepNorm({ to }: Call, from: Value, result: Value): void {
  const norm = from.kind === "computed" ? to.norms.get(from.name) : undefined;
  if (norm && result.kind === "computed") to.norms.set(result.name, norm);
}

/** Notes that `result` is the norm `from`, kept from zero by a small number. */
export function guardNorm({ to }: Call, from: Value, epsilon: number | undefined, result: Value): void {
  const norm = from.kind === "computed" ? to.norms.get(from.name) : undefined;
  if (
    !norm || result.kind !== "computed" || epsilon === undefined || !(epsilon >= 0 && epsilon <= MAX_EPSILON)
  ) {
    return;
  }
  to.norms.set(result.name, { ...norm, epsilon: norm.squared ? epsilon : epsilon ** 2 });
}

/** A root; that of a sum of squares is a norm. */
export function squareRoot(call: Call, x: Computed): Computed {
  const { to } = call;
  const root = to.emitLike("sqrt", call.name, {}, x);
  const norm = to.norms.get(x.name);
  if (norm?.squared) to.norms.set(root.name, { ...norm, squared: false });
  return root;
}

/** A tensor divided by its own norm; `undefined` for any other quotient. */
export function normalize(call: Call, a: Value, b: Value): Computed | undefined {
  const { to, name } = call;
  if (a.kind !== "computed" || b.kind !== "computed") return undefined;
  const norm = to.norms.get(b.name);
  if (!norm || norm.squared || norm.of.name !== a.name || norm.of.shape.length !== a.shape.length) {
    return undefined;
  }
  const epsilon = Math.max(norm.epsilon, LEAST_EPSILON);
  return to.emitLike("l2_normalize", name, { epsilon }, arrangeLast(to, a, norm.axis));
}

/** LpNormalization. */
export const lpNormalization: Handler = (call) => {
  const x = computedOf(call, 0);
  const axis = axisOf(call, numberOf(call, "axis", -1), x.shape.length);
  const power = numberOf(call, "p", 2);
  if (power !== 2) fail(call, `p is ${power}`, "2");
  return call.to.emitLike(
    "l2_normalize",
    call.name,
    { epsilon: LEAST_EPSILON },
    arrangeLast(call.to, x, axis),
  );
};
