/**
 * All ONNX operators that are read, by name.
 *
 * @module
 */

import { GraphError, ModelError } from "../../errors.ts";
import { movements } from "./axes.ts";
import { batchNormalization } from "./batch_normalization.ts";
import { type Call, fail, type Handler } from "./call.ts";
import { conv, convTranspose } from "./convolution.ts";
import { elementwise } from "./elementwise.ts";
import { lpNormalization } from "./norm.ts";
import { parts } from "./parts.ts";
import { globalPool, pool } from "./pooling.ts";
import { gemm, matMul } from "./product.ts";
import { quantization } from "./quantization.ts";
import { reductions } from "./reduction.ts";
import { resize, upsample } from "./resize.ts";
import { alsoOverRows } from "./rows.ts";
import { standardizations } from "./standardize.ts";
import type { Value } from "./value.ts";

const handlers: Readonly<Record<string, Handler>> = {
  ...elementwise,
  ...movements,
  ...parts,
  ...quantization,
  ...reductions,
  ...standardizations,
  AveragePool: alsoOverRows(pool("average")),
  BatchNormalization: batchNormalization,
  Conv: alsoOverRows(conv),
  ConvTranspose: alsoOverRows(convTranspose),
  Gemm: gemm,
  GlobalAveragePool: alsoOverRows(globalPool("average")),
  GlobalMaxPool: alsoOverRows(globalPool("max")),
  LpNormalization: lpNormalization,
  MatMul: matMul,
  MaxPool: alsoOverRows(pool("max")),
  Resize: resize,
  Upsample: upsample,
};

/**
 * Translates a node to its outputs.
 *
 * @throws {ModelError} If its operator is not known, or it asks for what we have no operator for.
 */
export function translate(call: Call): readonly Value[] {
  const { op } = call.node;
  const handler = Object.hasOwn(handlers, op)
    ? handlers[op]
    : fail(call, "its operator is not known", `one of ${Object.keys(handlers).toSorted().join(", ")}`);
  let outputs: Value | readonly Value[];
  try {
    outputs = handler(call);
  } catch (cause) {
    if (!(cause instanceof GraphError)) throw cause;
    throw new ModelError(`Cannot read ONNX node "${call.node.name}" (${op}): ${cause.message}`, "bad_model", {
      cause,
    });
  }
  return Array.isArray(outputs) ? outputs : [outputs as Value];
}
