/**
 * Reads ONNX networks (onnx/onnx, docs/IR.md): operator sets 9 to 24, as PyTorch's exporters write them.
 *
 * @module
 */

import { ModelError } from "../errors.ts";
import type { Pair } from "../geometry.ts";
import type { Graph } from "../graph/graph.ts";
import type { ModelInfo } from "../graph/model_info.ts";
import { MAX_ELEMENTS } from "../ops/op.ts";
import { elements, formatShape, type Shape } from "../tensor.ts";
import { isFloat, MAX_RANK } from "./onnx/literal.ts";
import { type OnnxModel, type OnnxNode, type OnnxPort, parseModel } from "./onnx/model.ts";
import { translate } from "./onnx/operators.ts";
import { Translator } from "./onnx/translator.ts";
import { known, type Value } from "./onnx/value.ts";

export { isOnnx } from "./onnx/model.ts";

/** What the reader cannot know from the file. */
export interface OnnxOptions {
  /** What the model is called, its labels, pre- and postprocessing. */
  readonly info: ModelInfo;
  /** Height and width of inputs of four axes, in place of the file's. */
  readonly inputSize?: Pair;
}

/** Oldest and newest version of the operators that is read. From 22 to 24 the operators here only gained element types. */
const OPSETS = [9, 24] as const;

/** Height and width where neither the file nor the caller tells. */
const DEFAULT_SIZE: Pair = [224, 224];

/** Most outputs of a network. */
const MAX_OUTPUTS = 256;

/** Values that folding may make: some for shape arithmetic, and for each byte of the file some, as one may be a weight that is dequantised and transposed. */
const FOLDED_VALUES = 2 ** 20, FOLDED_VALUES_A_BYTE = 8;

/**
 * Reads a network. Inputs and outputs keep the file's names and, where they are maps of four axes, its order `[n, c, h, w]`. An open batch is 1; open height and
 * width are `inputSize`, or 224. Half precision and quantised tensors (QuantizeLinear, DequantizeLinear) are computed as f32.
 *
 * @throws {ModelError} If the file is broken, keeps weights in other files, or uses what no operator of ours does.
 * @throws {GraphError} If its graph is not legal.
 */
export function readOnnx(bytes: Uint8Array, { info, inputSize }: OnnxOptions): Graph {
  const model = parseModel(bytes);
  const { opset } = model;
  if (!(opset >= OPSETS[0] && opset <= OPSETS[1])) {
    throw new ModelError(
      `Cannot read ONNX: the operator set is ${opset}, wanted ${OPSETS[0]} to ${
        OPSETS[1]
      }; export again with another opset_version`,
    );
  }
  if (model.outputs.length === 0 || model.outputs.length > MAX_OUTPUTS) {
    throw new ModelError(
      `Cannot read ONNX: it has ${model.outputs.length} outputs, wanted 1 to ${MAX_OUTPUTS}`,
    );
  }
  const ports = model.inputs.filter(({ name }) => !model.initializers.has(name));
  const names = [...ports.map(({ name }) => name), ...model.nodes.flatMap(({ outputs }) => outputs)];
  const limit = FOLDED_VALUES + FOLDED_VALUES_A_BYTE * bytes.length;
  const to = new Translator(names.filter((name) => name !== ""), limit);
  const values = new Map<string, Value>();
  for (const [name, literal] of model.initializers) values.set(name, known(literal));
  for (const port of ports) {
    define(values, port.name, () => to.input(port.name, resolveShape(port, inputSize)));
  }
  for (const node of neededNodes(model)) run(node, opset, values, to);
  const outputs = model.outputs.map(({ name }) => [name, valueOf(values, name, "output")] as const);
  return to.build(info, new Map(outputs));
}

/** Gives a name its value, once. */
function define(values: Map<string, Value>, name: string, make: () => Value): void {
  if (values.has(name)) throw new ModelError(`Cannot read ONNX: value "${name}" is made twice`);
  values.set(name, make());
}

function valueOf(values: ReadonlyMap<string, Value>, name: string, where: string): Value {
  const value = values.get(name);
  if (!value) {
    throw new ModelError(
      `Cannot read ONNX ${where}: value "${name}" is not defined, wanted an input, an initializer or the output of a node before it`,
    );
  }
  return value;
}

/** An input's shape without open extents. */
function resolveShape({ name, type, shape }: OnnxPort, inputSize: Pair | undefined): Shape {
  const refuse = (found: string, wanted: string): never => {
    throw new ModelError(`Cannot read ONNX input "${name}": ${found}, wanted ${wanted}`);
  };
  if (type === undefined || !isFloat(type)) {
    refuse(`its type is ${type ?? "not known"}`, "floating-point numbers");
  }
  if (!shape) return refuse("its shape is not told", "a number of axes");
  if (shape.length > MAX_RANK) refuse(`it has ${shape.length} axes`, `at most ${MAX_RANK}`);
  const isMap = shape.length === 4;
  const resolved = shape.map((extent, axis) => {
    const size = isMap && axis >= 2 ? inputSize?.[axis - 2] : undefined;
    if (size !== undefined) return size;
    if (typeof extent === "number" && extent > 0) return extent;
    if (axis === 0) return 1;
    return isMap && axis >= 2 ? DEFAULT_SIZE[axis - 2] : NaN;
  });
  if (elements(resolved) > MAX_ELEMENTS) {
    refuse(`its shape is ${formatShape(resolved)}`, `at most ${MAX_ELEMENTS} values`);
  }
  if (resolved.some(Number.isNaN)) {
    refuse(`its shape is ${formatShape(shape.map(Number))}`, "fixed extents beside batch, height and width");
  }
  return resolved;
}

/** The nodes that outputs depend on, in the file's order. */
function neededNodes({ nodes, outputs }: OnnxModel): OnnxNode[] {
  const needed = new Set(outputs.map(({ name }) => name));
  return nodes.toReversed().filter((node) => {
    if (!node.outputs.some((name) => name !== "" && needed.has(name))) return false;
    node.inputs.forEach((name) => needed.add(name));
    return true;
  }).reverse();
}

function run(node: OnnxNode, opset: number, values: Map<string, Value>, to: Translator): void {
  const where = `node "${node.name}" (${node.op})`;
  const inputs = node.inputs.map((name) => name === "" ? undefined : valueOf(values, name, where));
  const name = node.outputs.find((output) => output !== "") ?? node.name;
  const results = translate({ node, inputs, name, opset, to });
  node.outputs.forEach((output, i) => {
    const result = results[i];
    if (output !== "" && result) define(values, output, () => result);
  });
}
