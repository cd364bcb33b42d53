/**
 * ONNX operators that work value by value: arithmetic, comparisons and activations. What is known is computed while reading; the ways in which exporters
 * spell out SiLU, hard swish and Mish are recognised.
 *
 * @module
 */

import type { Limits } from "../../kernels/emitter.ts";
import { formatShape, sameShape } from "../../tensor.ts";
import {
  type Call,
  computedOf,
  fail,
  type Handler,
  inputOf,
  literalOf,
  numberOf,
  optionalScalar,
} from "./call.ts";
import { broadcast, type DataType, dataTypes, isFloat, type Literal, roundToEven } from "./literal.ts";
import { guardNorm, normalize, squareRoot } from "./norm.ts";
import { binary, broadcastTo } from "./broadcast.ts";
import { type Computed, known, scalar, type Value } from "./value.ts";

/** An operator of two values, under the name that its result is to bear. */
type Join = (call: Call, a: Value, b: Value) => Value;

const SIXTH = 1 / 6;

/** How far a sixth may be off that went through 16 bits. */
const SIXTH_TOLERANCE = 1e-4;

/** A tensor times a number. */
function times(call: Call, x: Value, factor: number, name = call.name): Value {
  return binary(call.to, "mul", name, x, scalar(factor));
}

/** The only value of a known tensor; `undefined` for computed ones and those of several values. */
function onlyValue(value: Value): number | undefined {
  return value.kind === "known" && value.literal.data.length === 1 ? value.literal.data[0] : undefined;
}

/** Whether a known scalar leaves the other operand as it is, shape included. */
function isNeutral(value: Value, neutral: number, other: Value): boolean {
  return onlyValue(value) === neutral && value.shape.length <= other.shape.length;
}

/** An operator of one input, computed while reading, for which we have none: a network that needs it is refused unless a pattern takes it in. */
function folded(f: (x: number) => number, type?: DataType): Handler {
  return (call) => {
    const x = inputOf(call, 0);
    return x.kind === "known"
      ? known(call.to.fold.map(x.literal, f, type))
      : call.to.pending(call.node, call.name, x);
  };
}

/** An operator of one input of which we have the like. */
function unary(f: (x: number) => number, emit: (call: Call, x: Computed) => Value): Handler {
  return (call) => {
    const x = inputOf(call, 0);
    return x.kind === "known" ? known(call.to.fold.map(x.literal, f)) : emit(call, x);
  };
}

function foldPair(
  call: Call,
  a: Literal,
  b: Literal,
  f: (a: number, b: number) => number,
  type?: DataType,
): Value {
  const shape = broadcast(a.shape, b.shape) ??
    fail(
      call,
      `inputs are ${formatShape(a.shape)} and ${formatShape(b.shape)}`,
      "shapes that fit one another",
    );
  return known(call.to.fold.zip(a, b, shape, f, type));
}

/** Folds two known values, hands over others. */
function join(f: (a: number, b: number, type: DataType) => number, emit: Join): Join {
  return (call, a, b) =>
    a.kind === "known" && b.kind === "known"
      ? foldPair(call, a.literal, b.literal, (x, y) => f(x, y, a.literal.type))
      : emit(call, a, b);
}

/** An operator of two inputs. */
function ofTwo(join: Join): Handler {
  return (call) => join(call, inputOf(call, 0), inputOf(call, 1));
}

/** An operator of one input or more, taken two by two from the left. */
function ofMany(join: Join): (call: Call) => Value {
  return (call) => {
    const values = call.inputs.map((_, i) => inputOf(call, i));
    if (values.length === 0) fail(call, "it has no inputs", "at least one");
    return values.reduce((joined, value, i) => {
      const name = i === values.length - 1 ? call.name : `${call.name}:${i}`;
      return join({ ...call, name }, joined, value);
    });
  };
}

const add = join((a, b) => a + b, (call, a, b) => {
  if (isNeutral(b, 0, a)) return a;
  if (isNeutral(a, 0, b)) return b;
  const sum = binary(call.to, "add", call.name, a, b);
  guardNorm(call, a, onlyValue(b), sum);
  return sum;
});

const sub = join((a, b) => a - b, (call, a, b) => {
  if (isNeutral(b, 0, a)) return a;
  // A known first operand would have to be as large as the result.
  return a.kind === "known"
    ? binary(call.to, "add", call.name, times(call, b, -1, `${call.name}:negative`), a)
    : binary(call.to, "sub", call.name, a, b);
});

/** SiLU, hard swish or Mish: a value times a gate made from it. */
function gated(call: Call, a: Value, b: Value): Value | undefined {
  const { to, name } = call;
  if (a.kind !== "computed" || b.kind !== "computed" || !sameShape(a.shape, b.shape)) return undefined;
  for (const [x, gate] of [[a, b], [b, a]]) {
    if (to.producer(gate.name, "sigmoid")?.inputs[0] === x.name) return to.emitLike("silu", name, {}, x);
    const hard = to.producer(gate.name, "hard_sigmoid");
    if (hard?.inputs[0] === x.name && isSixth(hard.attrs.alpha) && hard.attrs.beta === 0.5) {
      return to.emitLike("hard_swish", name, {}, x);
    }
    const tanh = to.producer(gate.name, "tanh");
    const inner = tanh && to.pendingOf(tanh.inputs[0]);
    if (inner?.op === "Softplus" && inner.input === x.name) return to.emitLike("mish", name, {}, x);
  }
  return undefined;
}

function isSixth(value: number): boolean {
  return Math.abs(value - SIXTH) < SIXTH_TOLERANCE;
}

/** Name of x, where a tensor of ours is min(max(x + 3, 0), 6). */
function insideRelu6({ to }: Call, name: string): string | undefined {
  const clip = to.producer(name, "clip");
  if (clip?.attrs.lo !== 0 || clip.attrs.hi !== 6) return undefined;
  const shifted = to.producer(clip.inputs[0], "add");
  return shifted && to.uniform(shifted.inputs[1]) === 3 ? shifted.inputs[0] : undefined;
}

/** Hard sigmoid or hard swish: a value divided by 6 in which ReLU6(x + 3) is found. */
function sixthOf(call: Call, value: Value): Value | undefined {
  const { to, name } = call;
  if (value.kind !== "computed") return undefined;
  const x = insideRelu6(call, value.name);
  if (x !== undefined) {
    return to.emitLike("hard_sigmoid", name, { alpha: SIXTH, beta: 0.5 }, { ...value, name: x });
  }
  const [a, b] = to.producer(value.name, "mul")?.inputs ?? [];
  for (const [factor, gate] of a === undefined ? [] : [[a, b], [b, a]]) {
    if (insideRelu6(call, gate) === factor) {
      return to.emitLike("hard_swish", name, {}, { ...value, name: factor });
    }
  }
  return undefined;
}

const mul = join((a, b) => a * b, (call, a, b) => {
  if (isNeutral(b, 1, a)) return a;
  if (isNeutral(a, 1, b)) return b;
  const [x, factor] = a.kind === "known" ? [b, a] : [a, b];
  const sixth = isSixth(onlyValue(factor) ?? NaN) && factor.shape.length <= x.shape.length;
  return (sixth ? sixthOf(call, x) : gated(call, a, b)) ?? binary(call.to, "mul", call.name, a, b);
});

const div = join((a, b, type) => isFloat(type) ? a / b : Math.trunc(a / b), (call, a, b) => {
  if (isNeutral(b, 1, a)) return a;
  return (isNeutral(b, 6, a) ? sixthOf(call, a) : normalize(call, a, b)) ??
    binary(call.to, "div", call.name, a, b);
});

const pow = join((a, b) => a ** b, (call, a, b) => {
  const exponent = onlyValue(b);
  if (a.kind === "computed") {
    if (exponent === 1) return a;
    if (exponent === 2) return call.to.emitLike("mul", call.name, {}, a, [a.name]);
    if (exponent === 3) {
      const square = call.to.emitLike("mul", `${call.name}:square`, {}, a, [a.name]);
      return call.to.emitLike("mul", call.name, {}, square, [a.name]);
    }
    if (exponent === 0.5) return squareRoot(call, a);
  }
  return fail(call, `its exponent is ${exponent ?? formatShape(b.shape)}`, "1, 2, 3 or a half");
});

/** A clamp; limits that nothing exceeds fall away. */
function limit(call: Call, x: Computed, { lo = -Infinity, hi = Infinity }: Limits): Value {
  if (!(lo < Infinity && hi > -Infinity)) fail(call, `limits are ${lo} and ${hi}`, "finite numbers");
  if (lo === -Infinity && hi === Infinity) return x;
  // Where the limits cross, the upper one wins (ONNX, operator Clip).
  const limits = { ...(lo > -Infinity && { lo: Math.min(lo, hi) }), ...(hi < Infinity && { hi }) };
  const clipped = call.to.emitLike("clip", call.name, limits, x);
  if (hi === Infinity) guardNorm(call, x, lo, clipped);
  return clipped;
}

/** The larger or the smaller of two values. */
function extreme(kind: "max" | "min"): Join {
  return join((a, b) => kind === "max" ? Math.max(a, b) : Math.min(a, b), (call, a, b) => {
    const { to, name } = call;
    const [x, other] = a.kind === "computed" ? [a, b] : [b, a];
    const bound = onlyValue(other);
    if (x.kind === "computed" && bound !== undefined && other.shape.length <= x.shape.length) {
      return limit(call, x, kind === "max" ? { lo: bound } : { hi: bound });
    }
    if (kind === "max") return binary(to, "maximum", name, a, b);
    const [p, q] = [a, b].map((value, i) => negative(call, value, `${name}:negative${i}`));
    return times(call, binary(to, "maximum", `${name}:maximum`, p, q), -1);
  });
}

function negative(call: Call, x: Value, name: string): Value {
  return x.kind === "known"
    ? known(call.to.fold.map(x.literal, (value) => -value))
    : times(call, x, -1, name);
}

/** e^x, which is sigmoid(x) / sigmoid(-x); both keep their relative precision. */
function exponential(call: Call, x: Computed): Value {
  const { to, name } = call;
  const above = to.emitLike("sigmoid", `${name}:above`, {}, x);
  const negated = times(call, x, -1, `${name}:negative`) as Computed;
  return binary(to, "div", name, above, to.emitLike("sigmoid", `${name}:below`, {}, negated));
}

const clip: Handler = (call) => {
  const bound = (name: string, index: number) => {
    if (call.opset >= 11) return optionalScalar(call, index);
    return call.node.attributes.has(name) ? numberOf(call, name, 0) : undefined;
  };
  const lo = bound("min", 1), hi = bound("max", 2);
  const x = inputOf(call, 0);
  if (x.kind === "computed") return limit(call, x, { lo, hi });
  return known(call.to.fold.map(x.literal, (v) => Math.min(Math.max(v, lo ?? -Infinity), hi ?? Infinity)));
};

const pRelu: Handler = (call) => {
  const { to, name } = call;
  const x = computedOf(call, 0), slope = literalOf(call, 1);
  const [first = 0] = slope.data;
  if (slope.data.every((value) => value === first)) {
    return to.emitLike("leaky_relu", name, { alpha: first }, x);
  }
  const above = to.emitLike("clip", `${name}:above`, { lo: 0 }, x);
  const below = to.emitLike("clip", `${name}:below`, { hi: 0 }, x);
  return binary(to, "add", name, above, binary(to, "mul", `${name}:slope`, below, known(slope)));
};

/** A comparison or a logical operator, of known values. */
function predicate(f: (a: number, b: number) => boolean): Handler {
  return (call) => foldPair(call, literalOf(call, 0), literalOf(call, 1), (a, b) => Number(f(a, b)), "bool");
}

const mod: Handler = (call) => {
  const truncated = numberOf(call, "fmod", 0) !== 0;
  const f = (a: number, b: number) => truncated ? a % b : a - b * Math.floor(a / b);
  return foldPair(call, literalOf(call, 0), literalOf(call, 1), f);
};

const where: Handler = (call) => {
  const { to } = call;
  const test = literalOf(call, 0), a = inputOf(call, 1), b = inputOf(call, 2);
  const either = broadcast(a.shape, b.shape);
  const shape = either && broadcast(test.shape, either);
  if (!shape) {
    const shapes = [test.shape, a.shape, b.shape].map(formatShape).join(", ");
    return fail(call, `inputs are ${shapes}`, "shapes that fit one another");
  }
  const truths = test.data.filter((value) => value !== 0).length;
  if (truths === 0 || truths === test.data.length) return broadcastTo(to, truths > 0 ? a : b, shape);
  if (a.kind !== "known" || b.kind !== "known") {
    return fail(call, "it chooses among computed values", "a condition that is the same everywhere");
  }
  const [condition, x, y] = [test, a.literal, b.literal].map((literal) =>
    to.fold.expand(literal, shape).data
  );
  const chosen = to.fold.fill(a.literal.type, shape, 0);
  condition.forEach((value, i) => chosen.data[i] = value !== 0 ? x[i] : y[i]);
  return known(chosen);
};

/** A value as another type; a computed one is f32, which stands for all floats. */
function convert(call: Call, x: Value, type: DataType): Value {
  if (x.kind === "computed") {
    return isFloat(type) ? x : fail(call, `it makes ${type} of a computed tensor`, "floating-point numbers");
  }
  if (type === x.literal.type) return x;
  const whole = type === "bool" ? (value: number) => Number(value !== 0) : Math.trunc;
  return known(call.to.fold.map(x.literal, isFloat(type) ? Number : whole, type));
}

const cast: Handler = (call) => {
  const code = numberOf(call, "to", 0);
  if (!Object.hasOwn(dataTypes, code)) {
    fail(call, `attribute to is ${code}`, `one of ${Object.keys(dataTypes).join(", ")}`);
  }
  return convert(call, inputOf(call, 0), dataTypes[code as keyof typeof dataTypes]);
};

const castLike: Handler = (call) => {
  const like = inputOf(call, 1);
  return convert(call, inputOf(call, 0), like.kind === "known" ? like.literal.type : "float32");
};

const swish: Handler = (call) => {
  const alpha = numberOf(call, "alpha", 1);
  if (alpha !== 1) fail(call, `alpha is ${alpha}`, "1");
  return call.to.emitLike("silu", call.name, {}, computedOf(call, 0));
};

/** An activation that is one of our operators without attributes. */
function activation(op: "hard_swish" | "mish" | "sigmoid" | "tanh"): Handler {
  return (call) => call.to.emitLike(op, call.name, {}, computedOf(call, 0));
}

/** Element-wise operators by ONNX's names. */
export const elementwise: Readonly<Record<string, Handler>> = {
  Abs: unary(
    Math.abs,
    (call, x) => binary(call.to, "maximum", call.name, x, negative(call, x, `${call.name}:negative`)),
  ),
  Add: ofTwo(add),
  And: predicate((a, b) => a !== 0 && b !== 0),
  Cast: cast,
  CastLike: castLike,
  Ceil: folded(Math.ceil),
  Clip: clip,
  Div: ofTwo(div),
  Equal: predicate((a, b) => a === b),
  Exp: unary(Math.exp, exponential),
  Floor: folded(Math.floor),
  Greater: predicate((a, b) => a > b),
  GreaterOrEqual: predicate((a, b) => a >= b),
  HardSigmoid: (call) => {
    const attrs = { alpha: numberOf(call, "alpha", 0.2), beta: numberOf(call, "beta", 0.5) };
    return call.to.emitLike("hard_sigmoid", call.name, attrs, computedOf(call, 0));
  },
  HardSwish: activation("hard_swish"),
  LeakyRelu: (call) => {
    const attrs = { alpha: numberOf(call, "alpha", 0.01) };
    return call.to.emitLike("leaky_relu", call.name, attrs, computedOf(call, 0));
  },
  Less: predicate((a, b) => a < b),
  LessOrEqual: predicate((a, b) => a <= b),
  Log: folded(Math.log),
  Max: ofMany(extreme("max")),
  Mean: (call) => {
    const count = scalar(call.inputs.length);
    return div(call, ofMany(add)({ ...call, name: `${call.name}:sum` }), count);
  },
  Min: ofMany(extreme("min")),
  Mish: activation("mish"),
  Mod: mod,
  Mul: ofTwo(mul),
  Neg: (call) => negative(call, inputOf(call, 0), call.name),
  Not: folded((x) => Number(x === 0), "bool"),
  Or: predicate((a, b) => a !== 0 || b !== 0),
  Pow: ofTwo(pow),
  PRelu: pRelu,
  Reciprocal: unary((x) => 1 / x, (call, x) => binary(call.to, "div", call.name, scalar(1), x)),
  Relu: unary((x) => Math.max(x, 0), (call, x) => limit(call, x, { lo: 0 })),
  Round: folded(roundToEven),
  Sigmoid: activation("sigmoid"),
  Sign: folded(Math.sign),
  Softplus: folded((x) => Math.log1p(Math.exp(x))),
  Sqrt: unary(Math.sqrt, squareRoot),
  Sub: ofTwo(sub),
  Sum: ofMany(add),
  Swish: swish,
  Tanh: activation("tanh"),
  Where: where,
  Xor: predicate((a, b) => (a !== 0) !== (b !== 0)),
};
