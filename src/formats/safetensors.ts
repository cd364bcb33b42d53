/**
 * Reads and writes our model file: a safetensors file (huggingface/safetensors, README "Format") with the graph in its metadata.
 *
 *     u64 length of the header | header, JSON, padded with spaces | tensors, back to back
 *
 * `__metadata__` holds strings: `format` is `simdet/1`, `graph` the JSON of inputs, outputs and nodes, `info` that of everything else a model says
 * about itself (labels, pre- and postprocessing, licence, origin).
 *
 * @module
 */

import { ModelError } from "../errors.ts";
import { checkInfo } from "../graph/check_info.ts";
import type { Graph } from "../graph/graph.ts";
import { MAX_ELEMENTS } from "../ops/op.ts";
import { formatShape, type Shape, type Tensor } from "../tensor.ts";
import { type DataType, dataTypes, toFloats } from "./data_type.ts";

/** What `format` says in files of ours. */
export const FORMAT = "simdet/1";

/** Longest header that is read, as upstream: 100 MB. */
const MAX_HEADER_BYTES = 100_000_000;

/** Largest magnitude of f16. */
const MAX_F16 = 65504;

/** Types of values by the format's names. */
const TYPES: Readonly<Record<string, DataType>> = {
  F32: dataTypes.float32,
  F16: dataTypes.float16,
  BF16: dataTypes.bfloat16,
  F64: dataTypes.float64,
  I64: dataTypes.int64,
  I32: dataTypes.int32,
  I16: dataTypes.int16,
  I8: dataTypes.int8,
  U8: dataTypes.uint8,
  BOOL: dataTypes.bool,
};

/** A tensor in the file. */
interface Entry {
  readonly name: string;
  readonly type: DataType;
  readonly shape: Shape;
  readonly begin: number;
  readonly end: number;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether bytes begin like a safetensors file: a header length, then `{`. */
export function isSafetensors(bytes: Uint8Array): boolean {
  return bytes.length > 8 && bytes[8] === 0x7b && bytes[6] === 0 && bytes[7] === 0;
}

function parseEntry(name: string, value: unknown): Entry {
  const { dtype, shape, data_offsets: offsets } = isRecord(value) ? value : {};
  const type = typeof dtype === "string" && Object.hasOwn(TYPES, dtype) ? TYPES[dtype] : undefined;
  if (!type) {
    throw new ModelError(
      `Cannot read safetensors: tensor "${name}" is of type ${JSON.stringify(dtype)}, wanted one of ${
        Object.keys(TYPES).join(", ")
      }`,
    );
  }
  const extents: unknown[] = Array.isArray(shape) ? shape : [NaN];
  const size = (extents as number[]).reduce(
    (product, n) => Number.isInteger(n) && n >= 0 ? product * n : NaN,
    1,
  );
  if (!(size <= MAX_ELEMENTS)) {
    throw new ModelError(
      `Cannot read safetensors: tensor "${name}" has shape ${
        JSON.stringify(shape)
      }, wanted at most ${MAX_ELEMENTS} values`,
    );
  }
  const [begin, end]: unknown[] = Array.isArray(offsets) && offsets.length === 2 ? offsets : [];
  if (
    !Number.isInteger(begin) || !Number.isInteger(end) || Number(end) - Number(begin) !== size * type.size
  ) {
    throw new ModelError(
      `Cannot read safetensors: tensor "${name}" lies at ${JSON.stringify(offsets)}, its shape ${
        formatShape(extents as number[])
      } wants ${size * type.size} bytes`,
    );
  }
  return { name, type, shape: extents as number[], begin: Number(begin), end: Number(end) };
}

/** What any safetensors file holds. */
export interface SafetensorsFile {
  /** Tensors by name. */
  readonly tensors: Map<string, Tensor>;
  /** Texts by name; ours hold a `graph`. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Reads the tensors and metadata of any safetensors file, as f32. Tensors are views of `bytes` where these are f32 and aligned.
 *
 * @throws {ModelError} If the file is cut, lies about its tensors, or holds other types.
 */
export function parseSafetensors(bytes: Uint8Array): SafetensorsFile {
  if (bytes.length < 8) {
    throw new ModelError(`Cannot read safetensors: the file is ${bytes.length} bytes, wanted at least 8`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const declared = view.getBigUint64(0, true);
  if (declared > BigInt(Math.min(MAX_HEADER_BYTES, bytes.length - 8))) {
    throw new ModelError(
      `Cannot read safetensors: the header is said to be ${declared} bytes, the file is ${bytes.length}; fetch it again`,
    );
  }
  const start = 8 + Number(declared);
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(8, start)));
  } catch (cause) {
    throw new ModelError("Cannot read safetensors: the header is not JSON", "bad_model", { cause });
  }
  if (!isRecord(header)) throw new ModelError("Cannot read safetensors: the header is not a JSON object");
  const { __metadata__: metadata = {}, ...rest } = header;
  if (!isRecord(metadata) || !Object.values(metadata).every((value) => typeof value === "string")) {
    throw new ModelError("Cannot read safetensors: __metadata__ is not an object of strings");
  }
  const entries = Object.entries(rest).map(([name, value]) => parseEntry(name, value));
  let covered = 0;
  for (const { name, begin, end } of entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== covered) {
      throw new ModelError(
        `Cannot read safetensors: tensor "${name}" begins at byte ${begin}, the one before it ends at ${covered}`,
      );
    }
    covered = end;
  }
  if (start + covered !== bytes.length) {
    throw new ModelError(
      `Cannot read safetensors: tensors take ${covered} bytes, the file holds ${
        bytes.length - start
      }; fetch it again`,
    );
  }
  const tensors = new Map(
    entries.map(({ name, type, shape, begin, end }) => [
      name,
      { shape, data: toFloats(bytes.subarray(start + begin, start + end), type) },
    ]),
  );
  return { tensors, metadata: metadata as Record<string, string> };
}

function parseMetadata(metadata: Record<string, string>, key: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(metadata[key] ?? "");
  } catch {
    // Reported below, like any other value that is not an object.
  }
  if (!isRecord(value)) throw new ModelError(`Cannot read model: metadata "${key}" is not a JSON object`);
  return value;
}

/**
 * Reads a model of ours.
 *
 * @throws {ModelError} If the file is broken, or holds tensors without a graph.
 * @throws {GraphError} If the graph is not legal.
 */
export function readSafetensors(bytes: Uint8Array): Graph {
  return toGraph(parseSafetensors(bytes));
}

/**
 * The graph of a file of ours.
 *
 * @throws {ModelError} If the file is of another version, or its graph is broken.
 * @throws {GraphError} If the graph is not legal.
 */
export function toGraph({ tensors, metadata }: SafetensorsFile): Graph {
  if (metadata.format !== FORMAT) {
    throw new ModelError(
      `Cannot read model: the file's format is ${
        JSON.stringify(metadata.format)
      }, wanted "${FORMAT}"; it holds ${tensors.size} tensors and no graph of ours`,
    );
  }
  const { inputs, outputs, nodes, nchw } = parseMetadata(metadata, "graph");
  const info = parseMetadata(metadata, "info");
  const names = (value: unknown): value is string[] =>
    Array.isArray(value) && value.every((v) => typeof v === "string");
  const ports = Array.isArray(inputs) &&
    inputs.every((port: unknown) =>
      isRecord(port) && typeof port.name === "string" && Array.isArray(port.shape)
    );
  const operators = Array.isArray(nodes) &&
    nodes.every((node: unknown) =>
      isRecord(node) && typeof node.name === "string" && typeof node.op === "string" &&
      isRecord(node.attrs) &&
      names(node.inputs)
    );
  if (!ports || !operators || !names(outputs) || (nchw !== undefined && !names(nchw))) {
    throw new ModelError(
      'Cannot read model: metadata "graph" lacks inputs, outputs or nodes of the right form',
    );
  }
  const graph = {
    info,
    inputs,
    outputs,
    nodes,
    constants: tensors,
    ...(nchw && { nchw }),
  } as unknown as Graph;
  checkInfo(graph);
  return graph;
}

/** How to write a model file. */
export interface WriteOptions {
  /**
   * Whether weights of convolutions are stored as f16, which halves the file. Vectors and what postprocessing reads stay f32, and so does what f16 cannot hold.
   * Default `false`.
   */
  readonly f16?: boolean;
}

/** JSON with the keys of every object in order, so that equal values give the same text however they were put together. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(
    value,
    (_, part) =>
      isRecord(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => a < b ? -1 : 1)) : part,
  );
}

/** Writes a graph as a model file; the same graph gives the same bytes. */
export function writeSafetensors(graph: Graph, { f16 = false }: WriteOptions = {}): Uint8Array {
  const header: Record<string, unknown> = {
    __metadata__: {
      format: FORMAT,
      info: canonicalJson(graph.info),
      graph: canonicalJson({
        inputs: graph.inputs,
        outputs: graph.outputs,
        nchw: graph.nchw,
        nodes: graph.nodes,
      }),
    },
  };
  const halves = f16 ? convolutionWeights(graph) : new Set<string>();
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const [name, { shape, data }] of graph.constants) {
    const half = halves.has(name) && data.every((value) => Math.abs(value) <= MAX_F16);
    const values = half ? new Float16Array(data) : data;
    header[name] = {
      dtype: half ? "F16" : "F32",
      shape,
      data_offsets: [offset, offset + values.byteLength],
    };
    parts.push(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    offset += values.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const padded = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + padded + offset).fill(0x20, 8, 8 + padded);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
  bytes.set(json, 8);
  let at = 8 + padded;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Constants that nothing but convolutions read, as their weights. */
function convolutionWeights({ nodes }: Graph): Set<string> {
  const weights = new Set(nodes.flatMap(({ op, inputs }) => op === "conv2d" ? [inputs[1]] : []));
  for (const { op, inputs } of nodes) {
    inputs.forEach((input, i) => {
      if (op !== "conv2d" || i !== 1) weights.delete(input);
    });
  }
  return weights;
}
