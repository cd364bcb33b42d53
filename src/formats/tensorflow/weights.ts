/**
 * The weights of TensorFlow.js models: a manifest that tells how shards are cut into tensors (tensorflow/tfjs: tfjs-core/src/io/io_utils.ts, decodeWeights).
 *
 * @module
 */

import { ModelError } from "../../errors.ts";
import { elements, formatShape, type Shape, type Tensor } from "../../tensor.ts";
import { type DataType, dataTypes, toFloats } from "../data_type.ts";
import { isRecord } from "./graph_def.ts";

/** Most shards a manifest may name. */
const MAX_SHARDS = 1024;

/** How the values of a weight are stored by its `dtype`. */
const TYPES: Readonly<Record<string, DataType>> = {
  float32: dataTypes.float32,
  int32: dataTypes.int32,
  bool: dataTypes.bool,
};

/** How they are stored where it is quantised: `quantization.dtype`. */
const QUANTIZED: Readonly<Record<string, DataType>> = {
  uint8: dataTypes.uint8,
  uint16: dataTypes.uint16,
  float16: dataTypes.float16,
};

/**
 * The paths of each group's shards.
 *
 * @throws {ModelError} If the manifest is no list of groups, or names too many.
 */
export function shardPaths(manifest: unknown): string[][] {
  if (!Array.isArray(manifest)) throw new ModelError("Cannot read model.json: weightsManifest is not a list");
  const groups = manifest.map((group: unknown) =>
    isRecord(group) && Array.isArray(group.paths) ? group.paths.map(String) : []
  );
  const count = groups.reduce((sum, { length }) => sum + length, 0);
  if (count > MAX_SHARDS) {
    throw new ModelError(`Cannot read model.json: it names ${count} shards, at most ${MAX_SHARDS} are read`);
  }
  return groups;
}

/** Values that `scale` and `min` stand for; whole ones where the weight is of integers. */
function dequantize(values: Float32Array, scale: number, min: number, whole: boolean): Float32Array {
  return values.map((value) => whole ? Math.round(value * scale + min) : value * scale + min);
}

function parseWeight(
  weight: Record<string, unknown>,
  name: string,
  shape: Shape,
): { type: DataType; decode: (values: Float32Array) => Float32Array } {
  const { dtype, quantization } = weight;
  const types = quantization === undefined ? TYPES : QUANTIZED;
  const stored = isRecord(quantization) ? quantization.dtype : dtype;
  const type = typeof stored === "string" && Object.hasOwn(types, stored) ? types[stored] : undefined;
  if (!type || typeof dtype !== "string" || !Object.hasOwn(TYPES, dtype)) {
    throw new ModelError(
      `Cannot read weight "${name}" of ${formatShape(shape)}: it is ${
        quantization === undefined ? dtype : `${dtype}, quantised as ${stored}`
      }, wanted ${Object.keys(TYPES).join(", ")}, plain or quantised as ${Object.keys(QUANTIZED).join(", ")}`,
    );
  }
  if (!isRecord(quantization) || type === dataTypes.float16) return { type, decode: (values) => values };
  const { scale, min } = quantization;
  if (typeof scale !== "number" || typeof min !== "number") {
    throw new ModelError(
      `Cannot read weight "${name}": its scale is ${scale} and its min ${min}, wanted two numbers`,
    );
  }
  return { type, decode: (values) => dequantize(values, scale, min, dtype !== "float32") };
}

/**
 * Cuts the shards into named tensors of f32.
 *
 * @throws {ModelError} If the manifest does not fit the shards, or a weight is of another type.
 */
export function parseWeights(manifest: unknown, shards: readonly Uint8Array[][]): Map<string, Tensor> {
  const constants = new Map<string, Tensor>();
  (manifest as unknown[]).forEach((group, g) => {
    const bytes = concatenate(shards[g]);
    const weights = isRecord(group) && Array.isArray(group.weights) ? group.weights as unknown[] : [];
    let offset = 0;
    for (const weight of weights) {
      const { name, shape } = isRecord(weight) ? weight : {};
      const extents = Array.isArray(shape) && shape.every((n) => Number.isInteger(n) && n >= 0);
      if (!isRecord(weight) || typeof name !== "string" || !extents) {
        throw new ModelError(
          `Cannot read weights: the manifest entry ${
            String(JSON.stringify(weight)).slice(0, 80)
          } has no name or shape`,
        );
      }
      if (constants.has(name)) throw new ModelError(`Cannot read weights: "${name}" is told twice`);
      const { type, decode } = parseWeight(weight, name, shape as number[]);
      const end = offset + elements(shape as number[]) * type.size;
      if (!(end <= bytes.length)) {
        throw new ModelError(
          `Cannot read weight "${name}": ${
            formatShape(shape as number[])
          } ends at byte ${end}, the shards hold ${bytes.length}; fetch them again`,
        );
      }
      constants.set(name, {
        shape: shape as number[],
        data: decode(toFloats(bytes.subarray(offset, end), type)),
      });
      offset = end;
    }
    if (offset !== bytes.length) {
      throw new ModelError(
        `Cannot read weights: the shards hold ${bytes.length} bytes, the manifest tells of ${offset}; fetch them again`,
      );
    }
  });
  return constants;
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
