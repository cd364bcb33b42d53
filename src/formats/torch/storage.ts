/**
 * PyTorch's tensors: views of storages, turned into dense f32 (pytorch/pytorch, torch/_utils.py: _rebuild_tensor).
 *
 * @module
 */

import { ModelError } from "../../errors.ts";
import { MAX_ELEMENTS } from "../../ops/op.ts";
import { elements, formatShape, type Shape, type Tensor } from "../../tensor.ts";
import { type DataType, dataTypes, toFloats } from "../data_type.ts";

/** Most axes of a tensor. */
const MAX_RANK = 16;

/** Types of values by the name of their storage class. */
export const storageTypes: Readonly<Record<string, DataType>> = {
  FloatStorage: dataTypes.float32,
  DoubleStorage: dataTypes.float64,
  HalfStorage: dataTypes.float16,
  BFloat16Storage: dataTypes.bfloat16,
  LongStorage: dataTypes.int64,
  IntStorage: dataTypes.int32,
  ShortStorage: dataTypes.int16,
  CharStorage: dataTypes.int8,
  ByteStorage: dataTypes.uint8,
  UntypedStorage: dataTypes.uint8,
  BoolStorage: dataTypes.bool,
};

/** Values that tensors look at, as the pickle names them. */
export class Storage {
  /** What the file calls it. */
  readonly key: string;
  readonly type: DataType;
  /** How many values it holds. */
  readonly count: number;

  /** Names a storage. */
  constructor(key: string, type: DataType, count: number) {
    this.key = key;
    this.type = type;
    this.count = count;
  }
}

/** A tensor as the pickle tells it: nothing of it has been checked. */
export class TensorView {
  readonly storage: Storage;
  readonly offset: unknown;
  readonly shape: unknown;
  readonly strides: unknown;

  /** A view of a storage: first value, extents, values from one index of each axis to the next. */
  constructor(storage: Storage, offset: unknown, shape: unknown, strides: unknown) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

function isExtents(value: unknown): value is number[] {
  return Array.isArray(value) && value.length <= MAX_RANK &&
    value.every((n) => Number.isSafeInteger(n) && n >= 0 && n <= MAX_ELEMENTS);
}

/**
 * Checks a view against its storage; gives its extents.
 *
 * @throws {ModelError} If it looks beyond its storage.
 */
export function checkView(key: string, view: TensorView): Shape {
  const { storage, offset, shape, strides } = view;
  const legal = isExtents(shape) && isExtents(strides) && shape.length === strides.length &&
    isExtents([offset]) && elements(shape) <= MAX_ELEMENTS;
  if (!legal) {
    throw new ModelError(
      `Cannot read PyTorch file: tensor ${JSON.stringify(key)} has shape ${show(shape)}, strides ${
        show(strides)
      } and offset ${show(offset)}, wanted as many strides as extents and at most ${MAX_ELEMENTS} values`,
    );
  }
  const last = shape.reduce((sum, extent, axis) => sum + (extent - 1) * strides[axis], Number(offset));
  if (elements(shape) > 0 && last >= storage.count) {
    throw new ModelError(
      `Cannot read PyTorch file: tensor ${JSON.stringify(key)} of ${
        formatShape(shape)
      } reaches value ${last} of storage ${JSON.stringify(storage.key)}, which holds ${storage.count}`,
    );
  }
  return shape;
}

/** Whether values lie one after the other, in order. */
function isDense(shape: Shape, strides: Shape): boolean {
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== stride) return false;
    stride *= shape[axis];
  }
  return true;
}

/** A checked view as dense f32; `bytes` are its storage's. */
export function materialize(view: TensorView, shape: Shape, bytes: Uint8Array): Tensor {
  const { storage: { type } } = view;
  const strides = view.strides as number[], count = elements(shape);
  let from = Number(view.offset);
  if (isDense(shape, strides)) {
    return { shape, data: toFloats(bytes.subarray(from * type.size, (from + count) * type.size), type) };
  }
  const source = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const data = new Float32Array(count);
  const axes = shape.length, index = new Array<number>(axes).fill(0);
  for (let i = 0; i < data.length; i++) {
    data[i] = type.get(source, from);
    for (let axis = axes - 1; axis >= 0; axis--) {
      from += strides[axis];
      if (++index[axis] < shape[axis]) break;
      from -= shape[axis] * strides[axis];
      index[axis] = 0;
    }
  }
  return { shape, data };
}

function show(value: unknown): string {
  return Array.isArray(value) ? `[${value.slice(0, MAX_RANK).map(String).join(", ")}]` : String(value);
}
