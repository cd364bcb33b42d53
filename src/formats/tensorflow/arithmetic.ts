/**
 * TensorFlow's operators that work value by value, and those that join values along axes.
 *
 * @module
 */

import { elements, formatShape, type Shape } from "../../tensor.ts";
import { activations } from "./activations.ts";
import {
  axisOf,
  type Call,
  constantOf,
  fail,
  type Handler,
  inputOf,
  integersOf,
  numberOf,
  without,
} from "./call.ts";
import { booleanAttr } from "./graph_def.ts";
import { known, shapeOf, type TfValue } from "./translator.ts";

function binary(op: "add" | "sub" | "mul" | "div" | "maximum"): Handler {
  return (call) => call.to.binary(op, call.node.name, inputOf(call, 0), inputOf(call, 1));
}

const scalar = (call: Call, name: string, value: number) => known(`${call.node.name}:${name}`, [], [value]);

const minimum: Handler = (call) => call.to.minimum(call.node.name, inputOf(call, 0), inputOf(call, 1));

const addMany: Handler = (call) => {
  const { node: { name }, to, inputs } = call;
  return inputs.slice(1).reduce<TfValue>(
    (sum, _, i) =>
      to.binary("add", i === inputs.length - 2 ? name : `${name}:${i}`, sum, inputOf(call, i + 1)),
    inputOf(call, 0),
  );
};

/** A function of known values alone; computed ones are refused. */
function folded(f: (x: number) => number): Handler {
  return (call) => call.to.map(call.node.name, constantOf(call, 0).tensor, f);
}

/** Known values by `f`, computed ones by `emit`. */
function either(f: (x: number) => number, emit: (call: Call, x: TfValue) => TfValue): Handler {
  return (call) => {
    const x = inputOf(call, 0);
    return x.kind === "constant" ? call.to.map(call.node.name, x.tensor, f) : emit(call, x);
  };
}

/** Axes of a reduction, in order; all where there is none. */
function axesOf(call: Call, shape: Shape): number[] {
  const axes = integersOf(call, 1).map((axis) => axisOf(call, axis, shape.length));
  return axes.toSorted((a, b) => a - b);
}

/** Height and width joined to one value a channel. */
function reduce(kind: "max" | "avg", scale?: "sum"): Handler {
  return (call) => {
    const { node, to } = call, x = inputOf(call, 0), shape = shapeOf(x), axes = axesOf(call, shape);
    const keep = booleanAttr(node, "keep_dims") || booleanAttr(node, "keepdims");
    if (shape.length !== 4 || axes.join() !== "1,2") {
      fail(call, `it reduces axes ${axes} of ${formatShape(shape)}`, "axes 1 and 2 of 4");
    }
    if (!scale) return to.globalPool(kind, node.name, x, keep);
    const pooled = to.globalPool(kind, `${node.name}:mean`, x, keep);
    return to.binary("mul", node.name, pooled, scalar(call, "count", shape[1] * shape[2]));
  };
}

/** The product of known values along axes, as shape arithmetic takes it. */
const product: Handler = (call) => {
  const { shape, data } = constantOf(call, 0).tensor, axes = axesOf(call, shape);
  if (axes.length !== shape.length) {
    fail(call, `it reduces axes ${axes} of ${formatShape(shape)}`, "all axes");
  }
  const keep = booleanAttr(call.node, "keep_dims");
  return known(call.node.name, keep ? shape.map(() => 1) : without(shape, axes), [
    data.reduce((a, b) => a * b, 1),
  ]);
};

const prelu: Handler = (call) => call.to.prelu(call.node.name, inputOf(call, 0), inputOf(call, 1));

const square: Handler = (call) => {
  const x = inputOf(call, 0);
  return call.to.binary("mul", call.node.name, x, x);
};

const fill: Handler = (call) => {
  const shape = integersOf(call, 0), value = constantOf(call, 1).tensor.data;
  if (value.length !== 1 || !(elements(shape) >= 0)) {
    fail(call, `it fills ${formatShape(shape)}`, "one number");
  }
  return call.to.fill(call.node.name, shape, value[0]);
};

/** Handlers by operator name. */
export const arithmetic: Readonly<Record<string, Handler>> = {
  ...Object.fromEntries(
    Object.entries(activations).map(([op, activation]) => [
      op,
      ((call) =>
        activation(call.to, call.node.name, inputOf(call, 0), numberOf(call, "alpha", 0.2))) as Handler,
    ]),
  ),
  BiasAdd: binary("add"),
  Add: binary("add"),
  AddV2: binary("add"),
  AddN: addMany,
  Sub: binary("sub"),
  Mul: binary("mul"),
  RealDiv: binary("div"),
  Div: binary("div"),
  Maximum: binary("maximum"),
  Minimum: minimum,
  Prelu: prelu,
  Square: square,
  Neg: (call) => call.to.binary("mul", call.node.name, inputOf(call, 0), scalar(call, "minus", -1)),
  Abs: either(Math.abs, (call, x) => {
    const { node: { name }, to } = call;
    const negative = to.binary("mul", `${name}:negative`, x, scalar(call, "minus", -1));
    return to.binary("maximum", name, x, negative);
  }),
  Sqrt: folded(Math.sqrt),
  Rsqrt: folded((x) => 1 / Math.sqrt(x)),
  Exp: folded(Math.exp),
  Floor: folded(Math.floor),
  Mean: reduce("avg"),
  Max: reduce("max"),
  Sum: reduce("avg", "sum"),
  Prod: product,
  Fill: fill,
};
