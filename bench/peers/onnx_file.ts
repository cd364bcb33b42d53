/**
 * Writes graphs of the zoo as ONNX files, so that ONNX Runtime runs the same network with the same weights (onnx/onnx.proto; operator set 17).
 * Nothing is fused or folded beforehand: that is the peer's own business.
 *
 * @module
 */

import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { OptionError } from "../../src/errors.ts";
import { type AnyNode, check, describe, type Graph } from "../../src/graph/graph.ts";
import type { Padding, Pair } from "../../src/geometry.ts";
import { formatShape, type Shape, type Tensor } from "../../src/tensor.ts";

const FLOAT = 1, INT64 = 7;
const OPSET = 17, IR_VERSION = 8;

/** An attribute's value: integer, integers, or a float. */
type Attribute = number | readonly number[] | { readonly float: number };

const TO_NCHW = [0, 3, 1, 2], TO_NHWC = [0, 2, 3, 1];

/** `[n, h, w, c]` to `[n, c, h, w]`; other ranks stay. */
function toNchw(shape: Shape): Shape {
  return shape.length === 4 ? TO_NCHW.map((axis) => shape[axis]) : shape;
}

/** `[kh, kw, c, o]` to `[o, c, kh, kw]`. */
function toOihw({ shape: [kh, kw, c, o], data }: Tensor): Tensor {
  const values = new Float32Array(data.length), taps = kh * kw;
  for (let i = 0; i < data.length; i++) {
    const column = i % o, channel = Math.floor(i / o) % c, tap = Math.floor(i / (o * c));
    values[(column * c + channel) * taps + tap] = data[i];
  }
  return { shape: [o, c, kh, kw], data: values };
}

class OnnxGraph {
  readonly #writer = new BinaryWriter();
  readonly #written = new Set<string>();

  node(op: string, inputs: readonly string[], output: string, attributes: Record<string, Attribute> = {}) {
    const writer = this.#writer;
    writer.tag(1, WireType.LengthDelimited).fork();
    for (const input of inputs) writer.tag(1, WireType.LengthDelimited).string(input);
    writer.tag(2, WireType.LengthDelimited).string(output);
    writer.tag(3, WireType.LengthDelimited).string(output).tag(4, WireType.LengthDelimited).string(op);
    for (const [name, value] of Object.entries(attributes)) {
      writer.tag(5, WireType.LengthDelimited).fork().tag(1, WireType.LengthDelimited).string(name);
      if (typeof value === "number") {
        writer.tag(3, WireType.Varint).int64(value).tag(20, WireType.Varint).int32(2);
      } else if ("float" in value) {
        writer.tag(2, WireType.Bit32).float(value.float).tag(20, WireType.Varint).int32(1);
      } else {
        for (const item of value) writer.tag(8, WireType.Varint).int64(item);
        writer.tag(20, WireType.Varint).int32(7);
      }
      writer.join();
    }
    writer.join();
  }

  /** A constant; gives its name. */
  constant(name: string, type: number, shape: Shape, bytes: Uint8Array): string {
    if (this.#written.has(name)) return name;
    this.#written.add(name);
    const writer = this.#writer.tag(5, WireType.LengthDelimited).fork();
    for (const extent of shape) writer.tag(1, WireType.Varint).int64(extent);
    writer.tag(2, WireType.Varint).int32(type).tag(8, WireType.LengthDelimited).string(name);
    writer.tag(9, WireType.LengthDelimited).bytes(bytes).join();
    return name;
  }

  floats(name: string, { shape, data }: Tensor): string {
    return this.constant(name, FLOAT, shape, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }

  integers(name: string, values: readonly number[]): string {
    const data = BigInt64Array.from(values, BigInt);
    return this.constant(name, INT64, [values.length], new Uint8Array(data.buffer));
  }

  /** An input (field 11) or output (field 12). */
  port(field: 11 | 12, name: string, shape: Shape) {
    const writer = this.#writer.tag(field, WireType.LengthDelimited).fork();
    writer.tag(1, WireType.LengthDelimited).string(name).tag(2, WireType.LengthDelimited).fork();
    writer.tag(1, WireType.LengthDelimited).fork().tag(1, WireType.Varint).int32(FLOAT);
    writer.tag(2, WireType.LengthDelimited).fork();
    for (const extent of shape) {
      writer.tag(1, WireType.LengthDelimited).fork().tag(1, WireType.Varint).int64(extent).join();
    }
    writer.join().join().join().join();
  }

  finish(): Uint8Array<ArrayBuffer> {
    const graph = this.#writer.tag(2, WireType.LengthDelimited).string("simdet").finish();
    const model = new BinaryWriter().tag(1, WireType.Varint).int64(IR_VERSION);
    model.tag(7, WireType.LengthDelimited).bytes(graph);
    model.tag(8, WireType.LengthDelimited).fork().tag(2, WireType.Varint).int64(OPSET).join();
    return model.finish() as Uint8Array<ArrayBuffer>;
  }
}

function window(kernel: Pair, strides: Pair, padding: Padding): Record<string, Attribute> {
  return { kernel_shape: kernel, strides, pads: padding };
}

function translate(onnx: OnnxGraph, node: AnyNode, graph: Graph, shapes: ReadonlyMap<string, Shape>): void {
  const { name, inputs } = node;
  const constant = (index: number) => onnx.floats(inputs[index], graph.constants.get(inputs[index])!);
  switch (node.op) {
    case "conv2d": {
      const { strides, padding, dilations, groups } = node.attrs;
      const weight = toOihw(graph.constants.get(inputs[1])!);
      const [, , kh, kw] = weight.shape;
      const operands = [inputs[0], onnx.floats(inputs[1], weight)];
      if (inputs.length > 2) operands.push(constant(2));
      onnx.node("Conv", operands, name, { ...window([kh, kw], strides, padding), dilations, group: groups });
      return;
    }
    case "batch_norm": {
      const operands = [inputs[0], constant(1), constant(2), constant(3), constant(4)];
      onnx.node("BatchNormalization", operands, name, { epsilon: { float: node.attrs.epsilon } });
      return;
    }
    case "clip": {
      const { lo = -Infinity, hi = Infinity } = node.attrs;
      if (lo === 0 && hi === Infinity) return onnx.node("Relu", inputs, name);
      const limits = [lo, hi].map((value) =>
        onnx.floats(`limit:${value}`, { shape: [], data: Float32Array.of(value) })
      );
      return onnx.node("Clip", [inputs[0], ...limits], name);
    }
    case "leaky_relu":
      return onnx.node("LeakyRelu", inputs, name, { alpha: { float: node.attrs.alpha } });
    case "max_pool":
      return onnx.node(
        "MaxPool",
        inputs,
        name,
        window(node.attrs.kernel, node.attrs.strides, node.attrs.padding),
      );
    case "avg_pool": {
      const [, h, w] = shapes.get(inputs[0])!, { kernel, strides, padding, countPadding } = node.attrs;
      if (kernel[0] === h && kernel[1] === w) return onnx.node("GlobalAveragePool", inputs, name);
      const attributes = { ...window(kernel, strides, padding), count_include_pad: countPadding ? 1 : 0 };
      return onnx.node("AveragePool", inputs, name, attributes);
    }
    case "concat": {
      const { axis } = node.attrs, rank = shapes.get(name)!.length;
      return onnx.node("Concat", inputs, name, { axis: rank === 4 ? TO_NHWC[axis] : axis });
    }
    case "add":
    case "mul": {
      const operands = inputs.map((input) => {
        const factors = graph.constants.get(input);
        return factors ? onnx.floats(input, perChannel(node, factors)) : input;
      });
      return onnx.node(node.op === "add" ? "Add" : "Mul", operands, name);
    }
    case "slice": {
      const { starts, sizes } = node.attrs;
      const from = toNchw(starts), to = toNchw(starts.map((start, axis) => start + sizes[axis]));
      const operands = [onnx.integers(`${name}:from`, from), onnx.integers(`${name}:to`, to)];
      return onnx.node("Slice", [inputs[0], ...operands], name);
    }
    case "reshape":
      return reshape(onnx, name, inputs[0], shapes.get(inputs[0])!, node.attrs.shape);
  }
  throw new OptionError(`Cannot write ${describe(node)} as ONNX; choose a network without it`);
}

/** A constant `[c]` as `[c, 1, 1]`, so that it spreads over `[n, c, h, w]`. */
function perChannel(node: AnyNode, { shape, data }: Tensor): Tensor {
  if (data.length === shape.at(-1)) return { shape: [data.length, 1, 1], data };
  throw new OptionError(
    `Cannot write ${describe(node)} as ONNX: its constant is ${
      formatShape(shape)
    }, wanted one value a channel`,
  );
}

/** A reshape counts in the order `[n, h, w, c]`; where there are no pixels, both orders are one. */
function reshape(onnx: OnnxGraph, name: string, input: string, from: Shape, to: Shape): void {
  const pixels = (shape: Shape) => shape.length === 4 && shape[1] * shape[2] > 1;
  const before = pixels(from) ? `${name}:from` : input, after = pixels(to) ? `${name}:to` : name;
  if (pixels(from)) onnx.node("Transpose", [input], before, { perm: TO_NHWC });
  const shape = pixels(to) ? to : toNchw(to);
  onnx.node("Reshape", [before, onnx.integers(`${name}:shape`, shape)], after);
  if (pixels(to)) onnx.node("Transpose", [after], name, { perm: TO_NCHW });
}

/** A graph as an ONNX file that takes and gives what a session does: `[n, c, h, w]` where the graph's `nchw` says so, else `[n, h, w, c]`. */
export function writeOnnx(graph: Graph): Uint8Array<ArrayBuffer> {
  const shapes = check(graph), onnx = new OnnxGraph();
  for (const { name, shape } of graph.inputs) {
    const turned = shape.length === 4 && !graph.nchw?.includes(name);
    onnx.port(11, turned ? `${name}:input` : name, turned ? shape : toNchw(shape));
    if (turned) onnx.node("Transpose", [`${name}:input`], name, { perm: TO_NCHW });
  }
  for (const node of graph.nodes) translate(onnx, node, graph, shapes);
  for (const name of graph.outputs) onnx.port(12, name, toNchw(shapes.get(name)!));
  return onnx.finish();
}
