/** ONNX files as trees of protobuf fields, to write small ones by hand and to damage large ones without breaking their frames. */
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { Random } from "./random.ts";

/** A field: its number, and its value by wire type. */
export interface Field {
  number: number;
  value: bigint | number | Uint8Array | Field[];
}

/** Numbers of the fields that are messages, and what is in these. */
interface Schema {
  readonly [number: number]: Schema;
}

const TENSOR: Schema = {};
const TYPE: Schema = { 1: { 2: { 1: {} } } };
const NODE: Schema = { 5: { 5: TENSOR } };
const VALUE: Schema = { 2: TYPE };
/** `ModelProto` of onnx/onnx, onnx/onnx.proto. */
const MODEL: Schema = { 7: { 1: NODE, 5: TENSOR, 11: VALUE, 12: VALUE }, 8: {} };

/** The fields of a message. */
export function parseFields(bytes: Uint8Array, schema = MODEL): Field[] {
  const reader = new BinaryReader(bytes), fields: Field[] = [];
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag();
    if (type === WireType.Varint) fields.push({ number, value: BigInt(reader.int64()) });
    else if (type === WireType.Bit32) fields.push({ number, value: reader.float() });
    else if (type === WireType.LengthDelimited) {
      const inner = reader.bytes();
      fields.push({ number, value: number in schema ? parseFields(inner, schema[number]) : inner });
    } else throw new Error(`wire type ${type} is not expected in ONNX`);
  }
  return fields;
}

/** The message of some fields: whole numbers as bigint, floats as number, text as bytes. */
export function writeFields(fields: readonly Field[]): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter();
  for (const { number, value } of fields) {
    if (typeof value === "bigint") writer.tag(number, WireType.Varint).int64(value);
    else if (typeof value === "number") writer.tag(number, WireType.Bit32).float(value);
    else {
      const bytes = Array.isArray(value) ? writeFields(value) : value;
      writer.tag(number, WireType.LengthDelimited).bytes(bytes);
    }
  }
  return writer.finish().slice();
}

const encoder = new TextEncoder();

function textField(number: number, text: string): Field {
  return { number, value: encoder.encode(text) };
}

function integerField(number: number, value: number | bigint): Field {
  return { number, value: BigInt(value) };
}

/** An attribute: a whole number, a list of them, or text. */
export type Attribute = number | readonly number[] | string;

function attributeField(name: string, value: Attribute): Field {
  const fields = typeof value === "string"
    ? [textField(4, value), integerField(20, 3)]
    : typeof value === "number"
    ? [integerField(3, value), integerField(20, 2)]
    : [...value.map((n) => integerField(8, n)), integerField(20, 7)];
  return { number: 5, value: [textField(1, name), ...fields] };
}

/** A node, named like its operator unless told. */
export function node(
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, Attribute>> = {},
  name = op,
): Field {
  return {
    number: 1,
    value: [
      ...inputs.map((input) => textField(1, input)),
      ...outputs.map((output) => textField(2, output)),
      textField(3, name),
      textField(4, op),
      ...Object.entries(attributes).map(([name, value]) => attributeField(name, value)),
    ],
  };
}

/** Numbers of element types. */
export const FLOAT = 1, INT64 = 7;

/** An initializer: its bytes, and more fields where a test wants to lie. */
export function initializer(
  name: string,
  type: number,
  dims: readonly (number | bigint)[],
  raw: Uint8Array | undefined,
  more: readonly Field[] = [],
): Field {
  return {
    number: 5,
    value: [
      ...dims.map((dim) => integerField(1, dim)),
      integerField(2, type),
      textField(8, name),
      ...(raw ? [{ number: 9, value: raw }] : []),
      ...more,
    ],
  };
}

/** An initializer of floats. */
export function floats(name: string, dims: readonly number[], values: readonly number[]): Field {
  return initializer(name, FLOAT, dims, new Uint8Array(Float32Array.from(values).buffer));
}

/** An initializer of int64. */
export function int64s(name: string, values: readonly number[]): Field {
  return initializer(name, INT64, [values.length], new Uint8Array(BigInt64Array.from(values, BigInt).buffer));
}

/** An input of the graph; extents may be symbolic. */
export function input(name: string, dims: readonly (number | bigint | string)[], type = FLOAT): Field {
  const shape = dims.map((dim) => ({
    number: 1,
    value: [typeof dim === "string" ? textField(2, dim) : integerField(1, dim)],
  }));
  const tensor = [integerField(1, type), { number: 2, value: shape }];
  return { number: 11, value: [textField(1, name), { number: 2, value: [{ number: 1, value: tensor }] }] };
}

/** An output of the graph. */
export function output(name: string): Field {
  return { number: 12, value: [textField(1, name)] };
}

/** A file. */
export function model(graph: readonly Field[], opset: number | bigint = 17): Uint8Array<ArrayBuffer> {
  return writeFields([
    integerField(1, 8),
    { number: 7, value: [...graph] },
    { number: 8, value: [textField(1, ""), integerField(2, opset)] },
  ]);
}

const INTEGERS = [
  0n,
  1n,
  2n,
  3n,
  5n,
  8n,
  -1n,
  -2n,
  255n,
  1024n,
  65537n,
  2n ** 28n,
  2n ** 31n,
  2n ** 40n,
  2n ** 62n,
];
const FLOATS = [0, -1, 0.5, 1e-30, 1e30, 3.4e38, NaN, Infinity, -Infinity];

/** All lists of fields within a message. */
function listsOf(fields: Field[]): Field[][] {
  return [fields, ...fields.flatMap(({ value }) => Array.isArray(value) ? listsOf(value) : [])];
}

/** Changes one field of a message, or its order. */
export function damageFields(model: Field[], random: Random): void {
  const lists = listsOf(model).filter(({ length }) => length > 0);
  const list = random.pick(lists), at = random.integer(0, list.length - 1), field = list[at];
  const choice = random.next();
  if (choice < 0.08) list.splice(at, 1);
  else if (choice < 0.16) list.splice(at, 0, field);
  else if (choice < 0.24) list.splice(random.integer(0, list.length), 0, ...list.splice(at, 1));
  else if (typeof field.value === "bigint") field.value = random.pick(INTEGERS);
  else if (typeof field.value === "number") field.value = random.pick(FLOATS);
  else if (Array.isArray(field.value)) damageFields(field.value.length > 0 ? field.value : model, random);
  else field.value = damageBytes(field.value, model, random);
}

/** Text becomes another text of the file, a block of numbers gets another number or length. */
function damageBytes(bytes: Uint8Array, model: Field[], random: Random): Uint8Array {
  if (random.next() < 0.5) {
    const others = listsOf(model).flat().map(({ value }) => value).filter((value) =>
      value instanceof Uint8Array
    );
    return random.pick(others);
  }
  const changed = bytes.slice(0, random.next() < 0.2 ? random.integer(0, bytes.length) : bytes.length);
  const view = new DataView(changed.buffer);
  if (changed.length >= 8) {
    view.setBigInt64(random.integer(0, changed.length - 8) & ~7, random.pick(INTEGERS), true);
  } else if (changed.length >= 4) view.setFloat32(0, random.pick(FLOATS), true);
  return changed;
}
