/**
 * TensorFlow's operators that move values and change shapes.
 *
 * @module
 */

import { elements, formatShape, type Shape } from "../../tensor.ts";
import {
  axisOf,
  booleanOf,
  type Call,
  fail,
  type Handler,
  inputOf,
  integersOf,
  mapOf,
  numberOf,
  tensorOf,
  without,
} from "./call.ts";
import { integersAttr, isRecord, stringAttr } from "./graph_def.ts";
import { known, shapeOf, type TfValue } from "./translator.ts";

const identity: Handler = (call) => inputOf(call, 0);

/** Types of whole numbers, by name and by number of `DataType`. */
const INTEGERS: readonly unknown[] = ["DT_INT32", "DT_INT64", 3, 9];

/** All values are f32 here; only known ones are cut to whole numbers. */
const cast: Handler = (call) => {
  const x = inputOf(call, 0), { DstT: to } = call.node.attr;
  const whole = isRecord(to) && INTEGERS.includes(to.type);
  if (!whole) return x;
  return x.kind === "constant"
    ? call.to.map(call.node.name, x.tensor, Math.trunc)
    : fail(call, "it makes whole numbers of computed ones", "floating point");
};

const reshape: Handler = (call) => {
  const from = shapeOf(inputOf(call, 0)), wanted = integersOf(call, 1);
  const rest = wanted.reduce((product, n) => n === -1 ? product : product * n, 1);
  const shape = wanted.map((n) => n === -1 ? elements(from) / rest : n);
  return call.to.reshape(call.node.name, inputOf(call, 0), shape);
};

const squeeze: Handler = (call) => {
  const from = shapeOf(inputOf(call, 0));
  const named = integersAttr(call.node, "squeeze_dims") ?? integersAttr(call.node, "axis") ?? [];
  const axes = named.map((axis) => axisOf(call, axis, from.length));
  const shape = from.filter((n, axis) => !(axes.length > 0 ? axes.includes(axis) : n === 1));
  return call.to.reshape(call.node.name, inputOf(call, 0), shape);
};

const expand: Handler = (call) => {
  const from = shapeOf(inputOf(call, 0)), [axis] = integersOf(call, 1);
  return call.to.reshape(
    call.node.name,
    inputOf(call, 0),
    from.toSpliced(axisOf(call, axis, from.length + 1), 0, 1),
  );
};

const concat: Handler = (call) => {
  const last = call.inputs.length - 1;
  const values = Array.from({ length: last }, (_, i) => inputOf(call, i));
  if (values.length === 0) fail(call, "it has nothing to join", "at least one tensor and the axis");
  const [axis] = integersOf(call, last);
  return call.to.concat(call.node.name, values, axisOf(call, axis, shapeOf(values[0]).length));
};

const pack: Handler = (call) => {
  const axis = axisOf(call, numberOf(call, "axis", 0), shapeOf(inputOf(call, 0)).length + 1);
  const values = call.inputs.map((_, i) => {
    const value = inputOf(call, i);
    return call.to.reshape(`${call.node.name}:${i}`, value, shapeOf(value).toSpliced(axis, 0, 1));
  });
  return call.to.concat(call.node.name, values, axis);
};

/** Parts of the given sizes along an axis. */
function parts(call: Call, x: TfValue, axis: number, sizes: readonly number[]): TfValue[] {
  const shape = shapeOf(x);
  let at = 0;
  return sizes.map((size, i) => {
    const starts = shape.map((_, a) => a === axis ? at : 0), extents = shape.with(axis, size);
    at += size;
    return call.to.slice(i === 0 ? call.node.name : `${call.node.name}:${i}`, x, starts, extents);
  });
}

/** Most parts that a tensor is cut into. */
const MAX_PARTS = 4096;

/** `count` equal sizes. */
function equal(call: Call, count: number, extent: number): number[] {
  if (!(Number.isInteger(count) && count > 0 && count <= MAX_PARTS && extent % count === 0)) {
    fail(call, `it makes ${count} parts of ${extent}`, `at most ${MAX_PARTS}, of one size`);
  }
  return Array(count).fill(extent / count);
}

const split: Handler = (call) => {
  const x = inputOf(call, 1), axis = axisOf(call, integersOf(call, 0)[0], shapeOf(x).length);
  return parts(call, x, axis, equal(call, numberOf(call, "num_split", 1), shapeOf(x)[axis]));
};

const splitSizes: Handler = (call) => {
  const x = inputOf(call, 0), axis = axisOf(call, integersOf(call, 2)[0], shapeOf(x).length);
  const sizes = integersOf(call, 1), told = sizes.reduce((sum, n) => n === -1 ? sum : sum + n, 0);
  return parts(call, x, axis, sizes.map((n) => n === -1 ? shapeOf(x)[axis] - told : n));
};

const unpack: Handler = (call) => {
  const x = inputOf(call, 0),
    shape = shapeOf(x),
    axis = axisOf(call, numberOf(call, "axis", 0), shape.length);
  return parts(call, x, axis, equal(call, shape[axis], shape[axis])).map((part, i) =>
    call.to.reshape(`${call.node.name}:row${i}`, part, without(shape, [axis]))
  );
};

const slice: Handler = (call) => {
  const x = inputOf(call, 0), shape = shapeOf(x), starts = integersOf(call, 1);
  const sizes = integersOf(call, 2).map((size, axis) => size === -1 ? shape[axis] - starts[axis] : size);
  return call.to.slice(call.node.name, x, starts, sizes);
};

/** One axis of a strided slice, as Python takes it: negative positions count from the end, none is beyond an end. */
function range(extent: number, begin: number | undefined, end: number | undefined, step: number) {
  const clamp = (position: number) =>
    Math.min(Math.max(position < 0 ? position + extent : position, 0), extent);
  const from = clamp(begin ?? 0), to = clamp(end ?? extent);
  return { start: from, size: Math.max(0, Math.ceil((to - from) / step)) };
}

const stridedSlice: Handler = (call) => {
  const x = inputOf(call, 0), shape = shapeOf(x), { name } = call.node;
  const [begins, ends, strides] = [1, 2, 3].map((index) => integersOf(call, index));
  const mask = (which: string) => numberOf(call, `${which}_mask`, 0);
  if (mask("ellipsis") !== 0 || mask("new_axis") !== 0 || strides.some((step) => step < 1)) {
    fail(call, "it has an ellipsis, new axes or negative strides", "ranges of the first axes");
  }
  if (begins.length > shape.length) {
    fail(call, `it takes ${begins.length} axes of ${formatShape(shape)}`, "fewer");
  }
  const shrunk: number[] = [];
  const ranges = shape.map((extent, axis) => {
    if (axis >= begins.length) return { start: 0, size: extent };
    const bit = 1 << axis, begin = begins[axis];
    if (mask("shrink_axis") & bit) {
      shrunk.push(axis);
      const start = axisOf(call, begin, extent);
      return { start, size: 1 };
    }
    return range(
      extent,
      mask("begin") & bit ? undefined : begin,
      mask("end") & bit ? undefined : ends[axis],
      strides[axis],
    );
  });
  if (ranges.some(({ size }) => size === 0)) fail(call, "it takes nothing", "at least one value");
  const steps = shape.map((_, axis) => shrunk.includes(axis) ? 1 : strides[axis] ?? 1);
  const taken = call.to.slice(
    shrunk.length > 0 ? `${name}:taken` : name,
    x,
    ranges.map(({ start }) => start),
    ranges.map(({ size }) => size),
    steps.some((step) => step !== 1) ? steps : undefined,
  );
  return call.to.reshape(name, taken, without(shapeOf(taken), shrunk));
};

/** Known entries at known places, as shape arithmetic takes them. */
const gather: Handler = (call) => {
  const { shape, data } = tensorOf(call, 0), places = tensorOf(call, 1);
  if (shape.length !== 1) fail(call, `it takes of ${formatShape(shape)}`, "one axis");
  return known(call.node.name, places.shape, places.data.map((place) => data[axisOf(call, place, shape[0])]));
};

const transpose: Handler = (call) => call.to.transpose(call.node.name, inputOf(call, 0), integersOf(call, 1));

/** Pairs of values before and after each axis. */
function paddings(call: Call, rank: number): { before: number[]; after: number[] } {
  const list = integersOf(call, 1);
  if (list.length !== 2 * rank) fail(call, `it has ${list.length / 2} paddings`, `${rank}`);
  return {
    before: list.filter((_, i) => i % 2 === 0),
    after: list.filter((_, i) => i % 2 === 1),
  };
}

const pad: Handler = (call) => {
  const x = inputOf(call, 0), value = call.inputs.length > 2 ? tensorOf(call, 2).data[0] : 0;
  return call.to.emit("pad", call.node.name, { ...paddings(call, shapeOf(x).length), value }, [x]);
};

const mirrorPad: Handler = (call) => {
  const { node: { name }, to } = call, x = inputOf(call, 0);
  const { before, after } = paddings(call, shapeOf(x).length);
  // REFLECT leaves out the value at the edge, SYMMETRIC repeats it.
  const edge = stringAttr(call.node, "mode") === "SYMMETRIC" ? 0 : 1;
  return shapeOf(x).reduce<TfValue>((padded, extent, axis) => {
    if (before[axis] === 0 && after[axis] === 0) return padded;
    if (Math.max(before[axis], after[axis]) > extent - edge) {
      fail(call, `it mirrors ${before[axis]} and ${after[axis]} of ${extent}`, `at most ${extent - edge}`);
    }
    const shape = shapeOf(padded);
    const row = (at: number) =>
      to.slice(
        `${name}:${axis}_${at}`,
        padded,
        shape.map((_, a) => a === axis ? at : 0),
        shape.with(axis, 1),
      );
    const rows = new Map<number, TfValue>();
    const once = (at: number) => rows.get(at) ?? rows.set(at, row(at)).get(at)!;
    return to.concat(`${name}:${axis}`, [
      ...Array.from({ length: before[axis] }, (_, i) => once(before[axis] - 1 - i + edge)),
      padded,
      ...Array.from({ length: after[axis] }, (_, i) => once(extent - 1 - i - edge)),
    ], axis);
  }, x);
};

function resize(mode: "nearest" | "linear"): Handler {
  return (call) => {
    const x = mapOf(call), size = integersOf(call, 1);
    if (size.length !== 2) fail(call, `its size is ${size}`, "height and width");
    const coordinates = booleanOf(call, "align_corners")
      ? "align_corners" as const
      : booleanOf(call, "half_pixel_centers")
      ? "half_pixel" as const
      : "asymmetric" as const;
    // TensorFlow rounds down, where pixels have centres at (x + 1/2) * scale; ours lie half a pixel lower.
    const rounding = coordinates === "asymmetric" ? "floor" as const : "round_prefer_ceil" as const;
    const attrs = {
      size: [size[0], size[1]] as const,
      mode,
      coordinates,
      ...(mode === "nearest" && { rounding }),
    };
    return call.to.emit("resize", call.node.name, attrs, [x]);
  };
}

/** Handlers by operator name. */
export const shapes: Readonly<Record<string, Handler>> = {
  Identity: identity,
  StopGradient: identity,
  PreventGradient: identity,
  CheckNumerics: identity,
  Snapshot: identity,
  PlaceholderWithDefault: identity,
  Cast: cast,
  IdentityN: (call) => call.inputs.map((_, i) => inputOf(call, i)),
  Shape: (call) => {
    const shape: Shape = shapeOf(inputOf(call, 0));
    return known(call.node.name, [shape.length], shape);
  },
  Reshape: reshape,
  Squeeze: squeeze,
  ExpandDims: expand,
  ConcatV2: concat,
  Pack: pack,
  Unpack: unpack,
  Split: split,
  SplitV: splitSizes,
  Slice: slice,
  StridedSlice: stridedSlice,
  Gather: gather,
  GatherV2: gather,
  Transpose: transpose,
  Pad: pad,
  PadV2: pad,
  MirrorPad: mirrorPad,
  ResizeBilinear: resize("linear"),
  ResizeNearestNeighbor: resize("nearest"),
};
