/**
 * Caffe's layers that move values and compute nothing (BVLC/caffe, src/caffe/layers).
 *
 * @module
 */

import { elements, formatShape } from "../../tensor.ts";
import type { Message } from "./message.ts";
import { axisOf, MAP_AXES } from "./params.ts";
import { addPriors } from "./detector_layers.ts";
import type { Blob, Translator } from "./translator.ts";

/** Blobs side by side, or priors one after the other. */
export function concat(layer: Message, inputs: readonly Blob[], t: Translator): readonly Blob[] {
  const name = layer.word("name"), param = layer.message("concat_param"), names = t.inputs;
  const known = names.map((input) => t.priors.get(input));
  const [top = name] = layer.words("top");
  if (known.every((priors) => priors !== undefined)) {
    const [{ variances }] = known;
    if (known.some((priors) => priors.variances.some((v, i) => v !== variances[i]))) {
      layer.fail("its priors have several variances", "the same for all");
    }
    const boxes = new Float32Array(known.reduce((sum, priors) => sum + priors.boxes.length, 0));
    let at = 0;
    for (const priors of known) {
      boxes.set(priors.boxes, at);
      at += priors.boxes.length;
    }
    return [addPriors(t, top, { boxes, variances })];
  }
  const maps = inputs.every(({ map }) => map), parts = maps ? inputs : inputs.map((blob) => t.plain(blob));
  const { length: rank } = parts[0].shape;
  const axis = axisOf(param, param.has("axis") ? "axis" : "concat_dim", 1, rank - 1);
  const ranks = parts.map(({ shape }) => shape.length);
  if (ranks.some((other) => other !== rank)) {
    layer.fail(`its inputs have ${ranks.join(", ")} axes`, "as many each");
  }
  const values = parts.map((part) => part.name);
  if (maps) return [t.map("concat", name, { axis: MAP_AXES[axis] }, values)];
  const { name: value, shape } = t.emit("concat", name, { axis }, values);
  return [{ name: value, shape, map: false }];
}

/** Cuts a blob in pieces along an axis: at the points, or into as many equal ones as there are tops. */
export function slice(layer: Message, [x]: readonly Blob[], t: Translator): readonly Blob[] {
  const name = layer.word("name"), param = layer.message("slice_param"), { length: rank } = x.shape;
  const axis = axisOf(param, param.has("axis") ? "axis" : "slice_dim", 1, rank - 1), extent = x.shape[axis];
  const tops = layer.words("top"), told = param.integers("slice_point", 1);
  const points = told.length > 0 ? told : tops.slice(1).map((_, i) => (i + 1) * extent / tops.length);
  const ends = [...points, extent];
  if (ends.length !== tops.length || ends.some((end, i) => !(end > (ends[i - 1] ?? 0)) || end % 1 !== 0)) {
    layer.fail(
      `it cuts ${extent} at ${points.slice(0, 8).join(", ")} for ${tops.length} tops`,
      "a whole and larger point for each top but one",
    );
  }
  const along = x.map ? MAP_AXES[axis] : axis;
  const extents = x.map ? MAP_AXES.map((_, i) => x.shape[MAP_AXES.indexOf(i)]) : x.shape;
  return ends.map((end, i) => {
    const begin = ends[i - 1] ?? 0;
    const starts = extents.map((_, k) => k === along ? begin : 0);
    const sizes = extents.map((n, k) => k === along ? end - begin : n);
    const { name: value } = t.emit("slice", `${name}.${tops[i]}`, { starts, sizes }, [x.name]);
    return { name: value, shape: x.shape.map((n, k) => k === axis ? end - begin : n), map: x.map };
  });
}

/** Axes in another order. From a map to `[n, h, w, c]` nothing moves. */
export function permute(layer: Message, [x]: readonly Blob[], t: Translator): readonly Blob[] {
  const { length: rank } = x.shape, told = layer.message("permute_param").integers("order");
  const order = [...told, ...x.shape.keys().filter((axis) => !told.includes(axis))];
  if (order.length !== rank || order.some((axis) => axis >= rank)) {
    layer.fail(`order is ${JSON.stringify(told)}`, `axes of ${formatShape(x.shape)}, each once`);
  }
  const shape = order.map((axis) => x.shape[axis]);
  const permutation = x.map ? order.map((axis) => MAP_AXES[axis]) : order;
  if (permutation.every((axis, i) => axis === i)) return [{ name: x.name, shape, map: false }];
  return [{
    name: t.emit("transpose", layer.word("name"), { permutation }, [x.name]).name,
    shape,
    map: false,
  }];
}

/** The same values in other extents. */
function reshaped(layer: Message, x: Blob, shape: readonly number[], t: Translator): readonly Blob[] {
  const from = t.plain(x);
  const { name } = t.emit("reshape", layer.word("name"), { shape }, [from.name]);
  return [{ name, shape, map: false, activation: x.activation, source: x.activation ? x.source : x }];
}

/** Axes in one. */
export function flatten(layer: Message, [x]: readonly Blob[], t: Translator): readonly Blob[] {
  const param = layer.message("flatten_param"), { length: rank } = x.shape;
  const axis = axisOf(param, "axis", 1, rank - 1), end = axisOf(param, "end_axis", -1, rank) + 1;
  if (end <= axis) layer.fail(`axis is ${axis}, end_axis ${end - 1}`, "an axis and one behind it");
  const shape = [...x.shape.slice(0, axis), elements(x.shape.slice(axis, end)), ...x.shape.slice(end)];
  return reshaped(layer, x, shape, t);
}

/** Axes as told: 0 is the old extent, -1 what is left. */
export function reshape(layer: Message, [x]: readonly Blob[], t: Translator): readonly Blob[] {
  const param = layer.message("reshape_param"), { length: rank } = x.shape;
  const axis = axisOf(param, "axis", 0, rank), count = param.number("num_axes", -1);
  const end = count < 0 ? rank : axis + count;
  const dims = param.message("shape").numbers("dim");
  const before = x.shape.slice(0, axis), after = x.shape.slice(end);
  const known = dims.map((dim, i) => dim === 0 ? x.shape[axis + i] : dim);
  const rest = elements(x.shape) / elements([...before, ...known.filter((dim) => dim !== -1), ...after]);
  const shape = [...before, ...known.map((dim) => dim === -1 ? rest : dim), ...after];
  const legal = shape.length >= 1 && shape.length <= 8 &&
    shape.every((dim) => Number.isInteger(dim) && dim > 0);
  if (!legal || elements(shape) !== elements(x.shape)) {
    layer.fail(
      `dim is ${JSON.stringify(dims.slice(0, 8))} for ${formatShape(x.shape)}`,
      "extents of as many values",
    );
  }
  return reshaped(layer, x, shape, t);
}
