/**
 * Quantised networks (QuantizeLinear and DequantizeLinear around float operators) read as float: weights get their values back, tensors in between keep the
 * limits of their integers, into which exporters fold ReLU and ReLU6, but are not rounded.
 *
 * @module
 */

import { formatShape, type Shape } from "../../tensor.ts";
import {
  axisOf,
  type Call,
  fail,
  type Handler,
  inputOf,
  literalOf,
  numberOf,
  optionalLiteral,
} from "./call.ts";
import { type DataType, dataTypes, isFloat, type Literal, roundToEven } from "./literal.ts";
import { known } from "./value.ts";

/** Least and largest value of the types that tensors are quantised to. */
const LIMITS: Partial<Record<DataType, readonly [least: number, largest: number]>> = {
  uint8: [0, 255],
  int8: [-128, 127],
  uint16: [0, 65535],
  int16: [-32768, 32767],
};

/** Scale and zero point of a quantisation, the latter as float, both of one value or one an entry of an axis. */
function parametersOf(call: Call, shape: Shape): { scale: Literal; zero: Literal; along: Shape } {
  if (numberOf(call, "block_size", 0) !== 0) {
    fail(call, "it is quantised in blocks", "one scale a tensor or channel");
  }
  const scale = literalOf(call, 1);
  const zero = optionalLiteral(call, 2) ?? { type: "uint8", shape: [], data: new Float64Array(1) };
  if (scale.data.length === 1 && zero.data.length === 1) return { scale, zero, along: shape.map(() => 1) };
  const axis = axisOf(call, numberOf(call, "axis", 1), shape.length);
  const fits = ({ data }: Literal) => data.length === 1 || data.length === shape[axis];
  if (!fits(scale) || !fits(zero)) {
    fail(
      call,
      `scale is ${formatShape(scale.shape)} and zero point ${formatShape(zero.shape)}`,
      `one value, or the ${shape[axis]} of axis ${axis}`,
    );
  }
  return { scale, zero, along: shape.map((n, i) => i === axis ? n : 1) };
}

/** A parameter lifted to broadcast along its axis. */
function lifted(literal: Literal, along: Shape): Literal {
  return { ...literal, shape: literal.data.length === 1 ? along.map(() => 1) : along };
}

/** The integer type that a QuantizeLinear makes. */
function targetOf(call: Call): DataType {
  const told = numberOf(call, "output_dtype", 0);
  const zero = optionalLiteral(call, 2);
  if (zero) return zero.type;
  return Object.hasOwn(dataTypes, told) ? dataTypes[told as keyof typeof dataTypes] : "uint8";
}

const quantize: Handler = (call) => {
  const { to, name } = call;
  const x = inputOf(call, 0);
  const type = targetOf(call);
  const [least, largest] = LIMITS[type] ?? fail(call, `it makes ${type}`, Object.keys(LIMITS).join(", "));
  const { scale, zero, along } = parametersOf(call, x.shape);
  if (x.kind === "known") {
    const divided = to.fold.zip(x.literal, lifted(scale, along), x.shape, (v, s) => roundToEven(v / s), type);
    const clamp = (v: number, z: number) => Math.min(Math.max(v + z, least), largest);
    return known(to.fold.zip(divided, lifted(zero, along), x.shape, clamp, type));
  }
  if (scale.data.length !== 1 || zero.data.length !== 1) {
    fail(call, "it quantises a computed tensor by channels", "one scale and one zero point");
  }
  const [factor] = scale.data, [origin] = zero.data;
  const limits = { lo: (least - origin) * factor, hi: (largest - origin) * factor };
  if (!(limits.lo < limits.hi)) fail(call, `scale is ${factor}`, "a positive number");
  const quantized = to.emitLike("clip", name, limits, x);
  to.scales.set(quantized.name, [factor, origin]);
  return quantized;
};

const dequantize: Handler = (call) => {
  const { to } = call;
  const x = inputOf(call, 0);
  const { scale, zero, along } = parametersOf(call, x.shape);
  if (x.kind === "computed") {
    // What the network computes was never made integer; it only must come back as what it was.
    const was = to.scales.get(x.name), is = [scale.data[0], zero.data[0]];
    if (was && (was[0] !== is[0] || was[1] !== is[1])) {
      fail(call, `its scale and zero point are ${is}`, `those of its QuantizeLinear, ${was}`);
    }
    return x;
  }
  if (isFloat(x.literal.type)) fail(call, `its input is ${x.literal.type}`, "integers");
  const centred = to.fold.zip(x.literal, lifted(zero, along), x.shape, (v, z) => v - z, "float32");
  return known(to.fold.zip(centred, lifted(scale, along), x.shape, (v, s) => v * s, "float32"));
};

/** Quantisation, by ONNX's names. */
export const quantization: Readonly<Record<string, Handler>> = {
  DequantizeLinear: dequantize,
  QuantizeLinear: quantize,
};
