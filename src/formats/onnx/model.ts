/**
 * An ONNX file (`ModelProto`, onnx/onnx, onnx/onnx.proto) as plain data: protobuf decoded, limits checked, nothing interpreted.
 *
 * @module
 */

import { BinaryReader, type WireType } from "@bufbuild/protobuf/wire";
import { ModelError } from "../../errors.ts";
import { MAX_ELEMENTS } from "../../ops/op.ts";
import { elements, formatShape } from "../../tensor.ts";
import { type DataType, dataTypes, type Literal, MAX_RANK, storage } from "./literal.ts";

/** An attribute of a node: number, text, list or tensor; `null` for kinds that no operator here has (graphs, sparse tensors). */
export type AttributeValue = number | string | readonly number[] | Literal | null;

/** One operator at work. */
export interface OnnxNode {
  readonly name: string;
  /** Operator, with its domain before it where that is not ONNX's own. */
  readonly op: string;
  /** Names of values; an optional input left out is empty. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, AttributeValue>;
}

/** A tensor that enters or leaves. */
export interface OnnxPort {
  readonly name: string;
  /** Element type; `undefined` for types that are not read. */
  readonly type?: DataType;
  /** Extents: a number, the name of a symbolic one, or empty where neither is told. `undefined` where the file tells no shape. */
  readonly shape?: readonly (number | string)[];
}

/** A file. */
export interface OnnxModel {
  /** Version of ONNX's own operators. */
  readonly opset: number;
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly inputs: readonly OnnxPort[];
  readonly outputs: readonly OnnxPort[];
  readonly initializers: ReadonlyMap<string, Literal>;
}

/** Reads the value of a field; one that reads nothing gives `false`, and the field is skipped. */
type Field = (reader: BinaryReader, type: WireType) => unknown;

/** Walks the fields of a message; those without an entry are skipped. */
function readMessage(bytes: Uint8Array, fields: Readonly<Record<number, Field>>): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag();
    if (!Object.hasOwn(fields, number) || fields[number](reader, type) === false) reader.skip(type, number);
  }
}

/** Wire type of fields that tell their length. */
const BYTES = 2;

/** A number that is an int64 in the file. */
function readInteger(reader: BinaryReader): number {
  return Number(reader.int64());
}

/** Most characters of a name; errors repeat them. */
const MAX_NAME = 1024;

function readName(reader: BinaryReader): string {
  const name = reader.string();
  if (name.length <= MAX_NAME) return name;
  throw new ModelError(`Cannot read ONNX: a name has ${name.length} characters, wanted at most ${MAX_NAME}`);
}

/** A repeated number, packed or one by one. */
function repeated(values: number[], read: (reader: BinaryReader) => number): Field {
  return (reader, type) => {
    if (type !== BYTES) return values.push(read(reader));
    const end = reader.uint32() + reader.pos;
    if (end > reader.len) throw new RangeError("premature EOF");
    while (reader.pos < end) values.push(read(reader));
  };
}

/** The value of 16 bits of IEEE half precision. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1, exponent = bits >> 10 & 31, fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -14 * fraction / 1024);
}

const scratch = new DataView(new ArrayBuffer(4));

/** The value of 16 bits of bfloat16, the upper half of an f32. */
function bfloatToNumber(bits: number): number {
  scratch.setUint32(0, bits << 16 >>> 0);
  return scratch.getFloat32(0);
}

/** Bytes of a value in `raw_data`, and how it is read there. */
const rawReaders: Readonly<
  Record<DataType, { readonly bytes: number; readonly read: (view: DataView, at: number) => number }>
> = {
  float32: { bytes: 4, read: (view, at) => view.getFloat32(at, true) },
  float64: { bytes: 8, read: (view, at) => view.getFloat64(at, true) },
  float16: { bytes: 2, read: (view, at) => halfToNumber(view.getUint16(at, true)) },
  bfloat16: { bytes: 2, read: (view, at) => bfloatToNumber(view.getUint16(at, true)) },
  uint8: { bytes: 1, read: (view, at) => view.getUint8(at) },
  int8: { bytes: 1, read: (view, at) => view.getInt8(at) },
  bool: { bytes: 1, read: (view, at) => view.getUint8(at) },
  uint16: { bytes: 2, read: (view, at) => view.getUint16(at, true) },
  int16: { bytes: 2, read: (view, at) => view.getInt16(at, true) },
  uint32: { bytes: 4, read: (view, at) => view.getUint32(at, true) },
  int32: { bytes: 4, read: (view, at) => view.getInt32(at, true) },
  uint64: { bytes: 8, read: (view, at) => Number(view.getBigUint64(at, true)) },
  int64: { bytes: 8, read: (view, at) => Number(view.getBigInt64(at, true)) },
};

/** How a value is read from the typed lists, which hold 16-bit floats as bits. */
function fromList(type: DataType): (value: number) => number {
  return type === "float16" ? halfToNumber : type === "bfloat16" ? bfloatToNumber : (value) => value;
}

function readTensor(bytes: Uint8Array): { name: string; literal: Literal } {
  const dims: number[] = [], values: number[] = [];
  let name = "", code = 0, external = false;
  let raw: Uint8Array | undefined;
  readMessage(bytes, {
    1: repeated(dims, readInteger),
    2: (reader) => code = reader.int32(),
    4: repeated(values, (reader) => reader.float()),
    5: repeated(values, (reader) => reader.int32()),
    7: repeated(values, readInteger),
    8: (reader) => name = readName(reader),
    9: (reader) => raw = reader.bytes(),
    10: repeated(values, (reader) => reader.double()),
    11: repeated(values, (reader) => Number(reader.uint64())),
    13: () => (external = true, false),
    14: (reader) => external = reader.int32() === 1 || external,
  });
  const where = `Cannot read ONNX: tensor "${name}"`;
  if (external) {
    throw new ModelError(
      `${where} lies in another file, wanted inside this one; export with external_data=False, or load and save it with the onnx package`,
    );
  }
  const type = Object.hasOwn(dataTypes, code) ? dataTypes[code as keyof typeof dataTypes] : undefined;
  if (!type) {
    throw new ModelError(
      `${where} is of element type ${code}, wanted one of ${
        Object.entries(dataTypes).map(([number, word]) => `${number} (${word})`).join(", ")
      }`,
    );
  }
  const length = elements(dims);
  if (dims.length > MAX_RANK || dims.some((n) => n < 0) || !(length <= MAX_ELEMENTS)) {
    throw new ModelError(
      `${where} is ${
        formatShape(dims)
      }, wanted at most ${MAX_RANK} axes of at least 0, and ${MAX_ELEMENTS} values`,
    );
  }
  const { bytes: size, read } = rawReaders[type];
  const found = raw && values.length === 0 ? raw.length / size : values.length;
  if (found !== length) {
    throw new ModelError(`${where} holds ${found} values, its shape ${formatShape(dims)} wants ${length}`);
  }
  const data = storage(type, length);
  if (raw && values.length === 0 && type === "float32") {
    // The bytes of almost all files are these; every host that runs WASM is little-endian.
    new Uint8Array(data.buffer).set(raw);
  } else if (raw && values.length === 0) {
    const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
    for (let i = 0; i < length; i++) data[i] = read(view, i * size);
  } else data.set(values.map(fromList(type)));
  return { name, literal: { type, shape: dims, data } };
}

function readAttribute(bytes: Uint8Array): [name: string, value: AttributeValue] {
  let name = "", type = 0;
  let f = 0, i = 0, s = "";
  let t: Literal | undefined;
  const floats: number[] = [], ints: number[] = [];
  readMessage(bytes, {
    1: (reader) => name = readName(reader),
    2: (reader) => f = reader.float(),
    3: (reader) => i = readInteger(reader),
    4: (reader) => s = reader.string(),
    5: (reader) => t = readTensor(reader.bytes()).literal,
    7: repeated(floats, (reader) => reader.float()),
    8: repeated(ints, readInteger),
    20: (reader) => type = reader.int32(),
  });
  // AttributeProto.AttributeType
  const values: Readonly<Record<number, AttributeValue | undefined>> = {
    1: f,
    2: i,
    3: s,
    4: t,
    6: floats,
    7: ints,
  };
  return [name, values[type] ?? null];
}

function readNode(bytes: Uint8Array): OnnxNode {
  const inputs: string[] = [], outputs: string[] = [];
  const attributes = new Map<string, AttributeValue>();
  let name = "", op = "", domain = "";
  readMessage(bytes, {
    1: (reader) => inputs.push(readName(reader)),
    2: (reader) => outputs.push(readName(reader)),
    3: (reader) => name = readName(reader),
    4: (reader) => op = readName(reader),
    5: (reader) => attributes.set(...readAttribute(reader.bytes())),
    7: (reader) => domain = readName(reader),
  });
  const own = domain === "" || domain === "ai.onnx";
  return { name: name || outputs[0] || "", op: own ? op : `${domain}.${op}`, inputs, outputs, attributes };
}

function readDimension(bytes: Uint8Array): number | string {
  let extent: number | string = "";
  readMessage(bytes, {
    1: (reader) => extent = readInteger(reader),
    2: (reader) => extent = readName(reader),
  });
  return extent;
}

function readPort(bytes: Uint8Array): OnnxPort {
  let name = "", code = 0;
  let shape: (number | string)[] | undefined;
  const shapeProto = (bytes: Uint8Array) => {
    const extents: (number | string)[] = shape = [];
    readMessage(bytes, { 1: (reader) => extents.push(readDimension(reader.bytes())) });
  };
  const tensorType = (bytes: Uint8Array) =>
    readMessage(bytes, {
      1: (reader) => code = reader.int32(),
      2: (reader) => shapeProto(reader.bytes()),
    });
  readMessage(bytes, {
    1: (reader) => name = readName(reader),
    2: (reader) => readMessage(reader.bytes(), { 1: (reader) => tensorType(reader.bytes()) }),
  });
  return { name, type: dataTypes[code as keyof typeof dataTypes], shape };
}

function readGraph(bytes: Uint8Array): Omit<OnnxModel, "opset"> {
  const nodes: OnnxNode[] = [], inputs: OnnxPort[] = [], outputs: OnnxPort[] = [];
  const initializers = new Map<string, Literal>();
  let name = "";
  readMessage(bytes, {
    1: (reader) => nodes.push(readNode(reader.bytes())),
    2: (reader) => name = readName(reader),
    5: (reader) => {
      const { name, literal } = readTensor(reader.bytes());
      initializers.set(name, literal);
    },
    11: (reader) => inputs.push(readPort(reader.bytes())),
    12: (reader) => outputs.push(readPort(reader.bytes())),
    15: () => {
      throw new ModelError("Cannot read ONNX: it holds sparse tensors, wanted dense ones");
    },
  });
  return { name, nodes, inputs, outputs, initializers };
}

/** Whether bytes begin like an ONNX file: field 1, the format's version, a small number. */
export function isOnnx(bytes: Uint8Array): boolean {
  return bytes.length > 2 && bytes[0] === 0x08 && bytes[1] > 0 && bytes[1] < 64;
}

/**
 * Decodes a file.
 *
 * @throws {ModelError} If it is cut or lies about lengths, or holds tensors of unknown types, of a wrong size or in other files.
 */
export function parseModel(bytes: Uint8Array): OnnxModel {
  let graph: Omit<OnnxModel, "opset"> | undefined;
  let opset = 0;
  const opsetImport = (bytes: Uint8Array) => {
    let domain = "", version = 0;
    readMessage(bytes, {
      1: (reader) => domain = readName(reader),
      2: (reader) => version = readInteger(reader),
    });
    if (domain === "" || domain === "ai.onnx") opset = version;
  };
  try {
    readMessage(bytes, {
      7: (reader) => graph = readGraph(reader.bytes()),
      8: (reader) => opsetImport(reader.bytes()),
    });
  } catch (cause) {
    if (cause instanceof ModelError) throw cause;
    throw new ModelError(
      `Cannot read ONNX: the file is cut or not protobuf: ${
        cause instanceof Error ? cause.message : cause
      }; fetch it again`,
      "bad_model",
      { cause },
    );
  }
  if (!graph) throw new ModelError("Cannot read ONNX: the file holds no graph");
  return { ...graph, opset };
}
