/**
 * Darknet's layers, one function a kind of section (AlexeyAB/darknet, src/parser.c and the file of each layer).
 *
 * @module
 */

import type { Padding, Pair } from "../../geometry.ts";
import { elements, formatShape, type Shape } from "../../tensor.ts";
import { toHwio } from "../hwio.ts";
import { activate } from "./activations.ts";
import type { Section } from "./config.ts";
import type { Layer, Translator } from "./translator.ts";

/** Reads a section into nodes. */
export type LayerReader = (section: Section, t: Translator) => Layer;

/** Added to the variance of a batch normalisation. Forks differ (1e-6 outside of the root, 1e-5 inside); OpenCV's is this. */
const EPSILON = 1e-6;

/** Keys that change what a layer computes, beyond what is read here. */
const REFUSED: Readonly<Record<string, readonly string[]>> = {
  convolutional: ["binary", "xnor", "bin_output", "antialiasing", "flipped", "coordconv"],
  maxpool: ["maxpool_depth", "antialiasing", "maxpool_zero_nonmax"],
  scale_channels: ["scale_wh"],
};

/** Fails where a section asks for more than is read here, rather than compute something else. */
export function refuseExtras(section: Section): void {
  for (const key of REFUSED[section.kind] ?? []) {
    if (section.number(key, 0) !== 0) section.fail(`${key} is ${section.word(key, "")}`, "0");
  }
}

function convolutional(section: Section, t: Translator): Layer {
  const x = t.last, { index } = section;
  const outputs = section.integer("filters", 1, 1),
    size = section.integer("size", 1, 1),
    groups = section.integer("groups", 1, 1);
  const stride = section.integer("stride", 1, 1),
    dilation = size === 1 ? 1 : section.integer("dilation", 1, 1);
  // Darknet pads a dilated window by as many of its taps.
  const pad = dilation * (section.integer("pad", 0) ? size >> 1 : section.integer("padding", 0));
  const channels = x.shape[3] / groups;
  if (!Number.isInteger(channels) || outputs % groups !== 0) {
    section.fail(`groups is ${groups}`, `a divisor of ${x.shape[3]} and of ${outputs}`);
  }
  const normal = section.integer("batch_normalize", 0) > 0 || section.integer("cbn", 0) > 0;
  const [weight, bias, ...statistics] = parameters(section, t, [size, size, channels, outputs], normal);
  const attrs = {
    strides: [section.integer("stride_y", stride, 1), section.integer("stride_x", stride, 1)],
    padding: [pad, pad, pad, pad],
    dilations: [dilation, dilation],
    groups,
  } as const;
  if (!normal) {
    return activate(t, section, t.emit("conv2d", `${index}`, attrs, [x, weight, bias]), "logistic");
  }
  const y = t.emit("conv2d", `${index}`, attrs, [x, weight]);
  const [scale, mean, variance] = statistics;
  return activate(
    t,
    section,
    t.emit("batch_norm", `${index}.norm`, { epsilon: EPSILON }, [y, scale, bias, mean, variance]),
    "logistic",
  );
}

/** Names of a convolution's weights `[size, size, channels, outputs]`, bias, and of a batch normalisation's scale, mean and variance. */
function parameters(section: Section, t: Translator, shape: Shape, normal: boolean): readonly string[] {
  const { index } = section, [size, , channels, outputs] = shape;
  const vectors = ["bias", ...(normal ? ["scale", "mean", "variance"] : [])];
  const share = section.number("share_index", NaN);
  if (!Number.isNaN(share)) {
    const other = share < 0 ? index + share : share;
    const names = ["weights", ...vectors].map((name) => `${other}.${name}`);
    const found = names.map((name) => t.shapeOf(name));
    if (found.includes(undefined) || formatShape(found[0]!) !== formatShape(shape)) {
      section.fail(`share_index is ${share}`, "an earlier layer of the same size, channels and filters");
    }
    return names;
  }
  const take = (count: number) => t.weights.take(count, `layer ${index}`);
  const names = vectors.map((name) => t.constant(`${index}.${name}`, [outputs], take(outputs)));
  const stored = take(elements(shape));
  return [
    t.constant(`${index}.weights`, shape, toHwio(stored, outputs, channels, size * size)),
    ...names,
  ];
}

/** As many windows as fit into the padded map, which is `padding` larger; the first begins half of it before the map. */
function maxpool(section: Section, t: Translator): Layer {
  const stride = section.integer("stride", 1, 1), size = section.integer("size", stride, 1);
  const total = section.integer("padding", size - 1), before = total >> 1;
  const strides: Pair = [section.integer("stride_y", stride, 1), section.integer("stride_x", stride, 1)];
  const padding: Padding = [before, before, total - before, total - before];
  return t.emit("max_pool", `${section.index}`, { kernel: [size, size], strides, padding }, [t.last]);
}

function avgpool(section: Section, t: Translator): Layer {
  const x = t.last, kernel: Pair = [x.shape[1], x.shape[2]];
  const attrs = { kernel, strides: [1, 1], padding: [0, 0, 0, 0], countPadding: false } as const;
  return t.emit("avg_pool", `${section.index}`, attrs, [x]);
}

function route(section: Section, t: Translator): Layer {
  const from = section.numbers("layers").map((index) => t.layer(section, index));
  if (from.length === 0) section.fail("it names no layers", "at least one");
  const groups = section.integer("groups", 1, 1), group = section.integer("group_id", 0);
  if (groups > 1) t.forked = true;
  const parts = from.map((x, i) => {
    if (groups === 1) return x;
    const [n, h, w, c] = x.shape, count = c / groups;
    if (!Number.isInteger(count) || group >= groups) {
      section.fail(`group_id is ${group} of ${groups}`, `groups that divide ${c}`);
    }
    const attrs = { starts: [0, 0, 0, group * count], sizes: [n, h, w, count] };
    return t.emit("slice", `${section.index}.part${i}`, attrs, [x]);
  });
  return parts.length === 1 ? parts[0] : t.emit("concat", `${section.index}`, { axis: 3 }, parts);
}

/** Sums; of a larger map every so many pixels count, of other numbers of channels those that both have; the latest layer keeps its own. */
function shortcut(section: Section, t: Translator): Layer {
  const kind = section.word("weights_type", "none");
  if (kind !== "none") section.fail(`weights_type is ${JSON.stringify(kind)}`, "none");
  const sum = section.numbers("from").reduce((y, index, i) => {
    let other = t.layer(section, index);
    const [n, h, w, c] = y.shape, more = c - other.shape[3], name = `${section.index}.${i}`;
    const stepY = Math.max(1, Math.floor(other.shape[1] / h)),
      stepX = Math.max(1, Math.floor(other.shape[2] / w));
    if ((h - 1) * stepY >= other.shape[1] || (w - 1) * stepX >= other.shape[2]) {
      section.fail(
        `layer ${index} is ${formatShape(other.shape)}`,
        `${formatShape(y.shape)}, or a map that many times as large`,
      );
    }
    const from = [0, 0, 0, 0];
    if (stepY > 1 || stepX > 1) {
      const sizes = [n, h, w, other.shape[3]], steps = [1, stepY, stepX, 1];
      other = t.emit("slice", `${name}.sampled`, { starts: from, sizes, steps }, [other]);
    }
    if (more < 0) other = t.emit("slice", `${name}.part`, { starts: from, sizes: [n, h, w, c] }, [other]);
    if (more > 0) {
      other = t.emit("pad", `${name}.pad`, { before: from, after: [0, 0, 0, more], value: 0 }, [other]);
    }
    return t.emit("add", `${name}.sum`, {}, [y, other]);
  }, t.last);
  return activate(t, section, sum, "linear");
}

/** A constant of one value for each channel. */
function vector(t: Translator, name: string, channels: number, value: number): string {
  return t.constant(name, [channels], new Float32Array(channels).fill(value));
}

function upsample(section: Section, t: Translator): Layer {
  const x = t.last, stride = section.integer("stride", 2, 1), factor = section.number("scale", 1);
  const size = [x.shape[1] * stride, x.shape[2] * stride] as const;
  const attrs = { size, mode: "nearest", coordinates: "asymmetric", rounding: "floor" } as const;
  const y = t.emit("resize", `${section.index}`, attrs, [x]);
  if (factor === 1) return y;
  return t.emit("mul", `${section.index}.scaled`, {}, [
    y,
    vector(t, `${section.index}.factor`, x.shape[3], factor),
  ]);
}

/** Another layer times this one's vector of channels. */
function scaleChannels(section: Section, t: Translator): Layer {
  t.forked = true;
  const map = t.layer(section, section.number("from", 0)), vector = t.last;
  if (vector.shape[1] !== 1 || vector.shape[2] !== 1 || vector.shape[3] !== map.shape[3]) {
    section.fail(`the layer before it is ${formatShape(vector.shape)}`, `1x1x1x${map.shape[3]}`);
  }
  return activate(t, section, t.emit("mul", `${section.index}`, {}, [map, vector]), "linear");
}

/** Another layer times this one, value by value. */
function sam(section: Section, t: Translator): Layer {
  t.forked = true;
  const map = t.layer(section, section.number("from", 0)), x = t.last;
  if (formatShape(map.shape) !== formatShape(x.shape)) {
    section.fail(`the layer before it is ${formatShape(x.shape)}`, formatShape(map.shape));
  }
  return activate(t, section, t.emit("mul", `${section.index}`, {}, [map, x]), "linear");
}

/** The middle of the picture, from -1 to 1 unless `noadjust`. */
function crop(section: Section, t: Translator): Layer {
  const [n, h, w, c] = t.last.shape;
  const height = section.integer("crop_height", 1, 1), width = section.integer("crop_width", 1, 1);
  if (height > h || width > w) section.fail(`it cuts ${height}x${width} out`, `at most ${h}x${w}`);
  const attrs = { starts: [0, h - height >> 1, w - width >> 1, 0], sizes: [n, height, width, c] };
  const y = t.emit("slice", `${section.index}`, attrs, [t.last]);
  if (section.integer("noadjust", 0) !== 0) return y;
  const two = vector(t, `${section.index}.two`, c, 2), one = vector(t, `${section.index}.one`, c, 1);
  const doubled = t.emit("mul", `${section.index}.doubled`, {}, [y, two]);
  return t.emit("sub", `${section.index}.adjusted`, {}, [doubled, one]);
}

function softmax(section: Section, t: Translator): Layer {
  const x = t.last;
  for (const key of ["groups", "temperature"]) {
    if (section.number(key, 1) !== 1) section.fail(`${key} is ${section.word(key, "")}`, "1");
  }
  if (x.shape[3] !== elements(x.shape)) {
    section.fail(`the layer before it is ${formatShape(x.shape)}`, "one vector");
  }
  return t.emit("softmax", `${section.index}`, {}, [x]);
}

function yolo(section: Section, t: Translator): Layer {
  const x = t.last, flat = section.numbers("anchors"), mask = section.numbers("mask");
  const all = Array.from({ length: flat.length >> 1 }, (_, i) => [flat[2 * i], flat[2 * i + 1]] as const);
  const anchors = mask.length > 0
    ? mask.map((i) => all[i] ?? section.fail(`mask names anchor ${i}`, `one of ${all.length}`))
    : all;
  const classes = section.integer("classes", 20, 1), scaleXY = section.number("scale_x_y", 1);
  if (anchors.length === 0 || x.shape[3] !== anchors.length * (5 + classes)) {
    section.fail(
      `the layer before it has ${x.shape[3]} channels`,
      `${anchors.length} anchors times 5 + ${classes} classes`,
    );
  }
  const activated = section.integer("new_coords", 0) !== 0;
  if (activated || scaleXY !== 1) t.forked = true;
  t.heads.push({ output: x.name, anchors, scaleXY, ...(activated && { activated }) });
  return x;
}

/** Layers that only training needs. */
const same: LayerReader = (_section, t) => t.last;

/** Readers by the names of sections, long and short. */
export const layerReaders: Readonly<Record<string, LayerReader>> = {
  convolutional,
  conv: convolutional,
  maxpool,
  max: maxpool,
  avgpool,
  avg: avgpool,
  route,
  shortcut,
  upsample,
  scale_channels: scaleChannels,
  sam,
  crop,
  softmax,
  soft: softmax,
  yolo,
  dropout: same,
  cost: same,
};
