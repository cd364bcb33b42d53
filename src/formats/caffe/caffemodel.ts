/**
 * Caffe's `.caffemodel`: the weights of each layer (BVLC/caffe, src/caffe/proto/caffe.proto: NetParameter, LayerParameter, V1LayerParameter, BlobProto).
 *
 * @module
 */

import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { ModelError } from "../../errors.ts";
import { elements, formatShape, type Tensor } from "../../tensor.ts";

/** Most layers of a network. */
export const MAX_LAYERS = 10_000;

/** Most axes of a blob. */
const MAX_RANK = 32;

/** Numbers of the fields that are read. */
const NET = { oldLayer: 2, layer: 100 } as const;
const LAYER = { name: 1, blob: 7 } as const;
const OLD_LAYER = { name: 4, blob: 6 } as const;
const BLOB = { data: 5, shape: 7, doubles: 8 } as const;
/** Extents before `shape` came: num, channels, height, width. */
const OLD_EXTENTS = [1, 2, 3, 4];

type Field = (reader: BinaryReader, type: WireType) => void;

/** Walks the fields of a message; those without an entry are skipped. */
function readFields(bytes: Uint8Array, fields: Readonly<Record<number, Field>>): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag();
    if (Object.hasOwn(fields, number)) fields[number](reader, type);
    else reader.skip(type, number);
  }
}

/** Packed numbers, or one of them. */
function takeNumbers(into: Float32Array[], size: 4 | 8): Field {
  return (reader, type) => {
    if (type !== WireType.LengthDelimited) {
      into.push(Float32Array.of(size === 4 ? reader.float() : reader.double()));
      return;
    }
    const bytes = reader.bytes().slice();
    if (bytes.length % size !== 0) throw new Error(`packed numbers take ${bytes.length} bytes`);
    into.push(
      size === 4 ? new Float32Array(bytes.buffer) : Float32Array.from(new Float64Array(bytes.buffer)),
    );
  };
}

function join(parts: readonly Float32Array[]): Float32Array {
  if (parts.length === 1) return parts[0];
  const data = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part, at);
    at += part.length;
  }
  return data;
}

function readShape(bytes: Uint8Array): number[] {
  const shape: number[] = [];
  readFields(bytes, {
    1(reader, type) {
      if (type !== WireType.LengthDelimited) return void shape.push(Number(reader.int64()));
      const packed = new BinaryReader(reader.bytes());
      while (packed.pos < packed.len && shape.length <= MAX_RANK) shape.push(Number(packed.int64()));
    },
  });
  return shape;
}

function readBlob(bytes: Uint8Array, layer: string): Tensor {
  const parts: Float32Array[] = [], old: number[] = [];
  let shape: number[] | undefined;
  readFields(bytes, {
    [BLOB.data]: takeNumbers(parts, 4),
    [BLOB.doubles]: takeNumbers(parts, 8),
    [BLOB.shape]: (reader) => shape = readShape(reader.bytes()),
    ...Object.fromEntries(
      OLD_EXTENTS.map((number, axis) => [number, (reader: BinaryReader) => old[axis] = reader.int32()]),
    ),
  });
  const data = join(parts);
  shape ??= old.length > 0 ? Array.from({ length: 4 }, (_, axis) => old[axis] ?? 1) : [data.length];
  const legal = shape.length <= MAX_RANK &&
    shape.every((extent) => Number.isSafeInteger(extent) && extent >= 0);
  if (!legal || elements(shape) !== data.length) {
    throw new ModelError(
      `Cannot read caffemodel: a blob of layer ${JSON.stringify(layer)} is ${
        formatShape(shape.slice(0, 8))
      } but holds ${data.length} values`,
    );
  }
  return { shape, data };
}

/**
 * Reads the blobs of each layer, by its name. Of layers of one name the first with blobs counts.
 *
 * @throws {ModelError} If the file is broken.
 */
export function readCaffemodel(bytes: Uint8Array): ReadonlyMap<string, readonly Tensor[]> {
  const layers = new Map<string, readonly Tensor[]>();
  let count = 0, where = "the network";
  const layer = (fields: { readonly name: number; readonly blob: number }): Field => (reader) => {
    if (++count > MAX_LAYERS) {
      throw new ModelError(`Cannot read caffemodel: it has more than ${MAX_LAYERS} layers`);
    }
    const blobs: Uint8Array[] = [];
    let name = "";
    where = `layer ${count}`;
    readFields(reader.bytes(), {
      [fields.name]: (inner) => name = inner.string(),
      [fields.blob]: (inner) => blobs.push(inner.bytes()),
    });
    where = `layer ${JSON.stringify(name)}`;
    if (blobs.length > 0 && !layers.has(name)) layers.set(name, blobs.map((blob) => readBlob(blob, name)));
  };
  try {
    readFields(bytes, { [NET.oldLayer]: layer(OLD_LAYER), [NET.layer]: layer(LAYER) });
  } catch (cause) {
    if (cause instanceof ModelError) throw cause;
    throw new ModelError(
      `Cannot read caffemodel: it is no sound protobuf in ${where}: ${
        cause instanceof Error ? cause.message : cause
      }; fetch it again`,
      "bad_model",
      { cause },
    );
  }
  if (layers.size === 0) {
    throw new ModelError(
      `Cannot read caffemodel: none of its ${count} layers holds weights; is it a .caffemodel of Caffe?`,
    );
  }
  return layers;
}
