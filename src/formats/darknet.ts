/**
 * Reads Darknet networks: a `.cfg` and its `.weights` (AlexeyAB/darknet, src/parser.c).
 *
 * @module
 */

import { ModelError } from "../errors.ts";
import type { Padding, Pair } from "../geometry.ts";
import { GraphBuilder } from "../graph/builder.ts";
import type { Graph } from "../graph/graph.ts";
import type { ModelInfo, YoloHead } from "../graph/model_info.ts";
import type { AttrsOf, OpName } from "../ops/attrs.ts";
import { opOf } from "../ops/index.ts";
import { MAX_ELEMENTS } from "../ops/op.ts";
import { elements, formatShape, type Shape } from "../tensor.ts";
import { parseConfig, type Section } from "./darknet/config.ts";
import { WeightReader } from "./darknet/weights.ts";
import { toHwio } from "./hwio.ts";

export { isDarknet } from "./darknet/config.ts";

/** What the reader cannot know from the files. */
export interface DarknetOptions {
  /** What the model is called, its labels. */
  readonly info: ModelInfo;
  /** Input height and width in place of the cfg's. */
  readonly inputSize?: Pair;
}

/** Added to the variance of a batch normalisation. Forks differ (1e-6 outside of the root, 1e-5 inside); OpenCV's is this. */
const EPSILON = 1e-6;

/** A layer's output. */
interface Layer {
  readonly name: string;
  readonly shape: Shape;
}

/** Activations by Darknet's names. */
const ACTIVATIONS: Readonly<Record<string, (reader: Reader, x: Layer, name: string) => Layer>> = {
  linear: (_reader, x) => x,
  leaky: (reader, x, name) => reader.emit("leaky_relu", name, { alpha: 0.1 }, [x]),
  relu: (reader, x, name) => reader.emit("clip", name, { lo: 0 }, [x]),
  relu6: (reader, x, name) => reader.emit("clip", name, { lo: 0, hi: 6 }, [x]),
  mish: (reader, x, name) => reader.emit("mish", name, {}, [x]),
  swish: (reader, x, name) => reader.emit("silu", name, {}, [x]),
  logistic: (reader, x, name) => reader.emit("sigmoid", name, {}, [x]),
  tanh: (reader, x, name) => reader.emit("tanh", name, {}, [x]),
  hard_mish: (_reader, _x, name) => {
    throw new ModelError(`Cannot read darknet cfg: activation hard_mish of "${name}" is not supported`);
  },
};

/** Builds the graph layer by layer. */
class Reader {
  readonly layers: Layer[] = [];
  readonly heads: (YoloHead & { classes: number })[] = [];
  readonly #builder = new GraphBuilder();
  readonly #constants = new Map<string, Shape>();
  readonly #weights: WeightReader;
  readonly #input: Layer;
  #values = 0;

  constructor(weights: WeightReader, size: Pair, channels: number) {
    this.#weights = weights;
    const shape = [1, ...size, channels];
    this.#input = { name: this.#builder.input("input", shape), shape };
  }

  get last(): Layer {
    return this.layers.at(-1) ?? this.#input;
  }

  emit<Name extends OpName>(
    op: Name,
    name: string,
    attrs: AttrsOf<Name>,
    inputs: readonly (Layer | string)[],
  ): Layer {
    const shapes = inputs.map((input) =>
      typeof input === "string" ? this.#constants.get(input)! : input.shape
    );
    const shape = opOf(op).infer(attrs, shapes, `${op} "${name}"`);
    this.#values += elements(shape);
    if (this.#values > MAX_ELEMENTS) {
      throw new ModelError(`Cannot read darknet cfg: its layers hold more than ${MAX_ELEMENTS} values`);
    }
    return {
      name: this.#builder.node(
        op,
        name,
        attrs,
        inputs.map((input) => typeof input === "string" ? input : input.name),
      ),
      shape,
    };
  }

  constant(name: string, shape: Shape, data: Float32Array): string {
    this.#constants.set(name, shape);
    return this.#builder.constant(name, shape, data);
  }

  /** The layer that a `from` or `layers` entry names: relative where negative. */
  layer(section: Section, index: number): Layer {
    const at = index < 0 ? section.index + index : index;
    const layer = at < section.index ? this.layers[at] : undefined;
    return layer ??
      this.fail(section, `it refers to layer ${index}`, `one of the ${section.index} before it`);
  }

  fail(section: Section, found: string, wanted: string): never {
    throw section.error(found, wanted);
  }

  activate(section: Section, x: Layer, fallback: string): Layer {
    const kind = section.word("activation", fallback);
    const activation = Object.hasOwn(ACTIVATIONS, kind) ? ACTIVATIONS[kind] : undefined;
    if (!activation) {
      this.fail(section, `activation is ${JSON.stringify(kind)}`, Object.keys(ACTIVATIONS).join(", "));
    }
    return activation(this, x, `${section.index}.${kind}`);
  }

  convolutional(section: Section): Layer {
    const x = this.last, { index } = section;
    const outputs = section.integer("filters", 1, 1),
      size = section.integer("size", 1, 1),
      groups = section.integer("groups", 1, 1);
    const stride = section.integer("stride", 1, 1), dilation = section.integer("dilation", 1, 1);
    const pad = section.integer("pad", 0) ? size >> 1 : section.integer("padding", 0);
    const channels = x.shape[3] / groups;
    if (!Number.isInteger(channels) || outputs % groups !== 0) {
      this.fail(section, `groups is ${groups}`, `a divisor of ${x.shape[3]} and of ${outputs}`);
    }
    const where = `layer ${index}`;
    const normal = section.integer("batch_normalize", 0) > 0;
    const bias = this.#weights.take(outputs, where);
    const [scale, mean, variance] = normal ? [0, 1, 2].map(() => this.#weights.take(outputs, where)) : [];
    const stored = this.#weights.take(outputs * channels * size * size, where);
    const weight = this.constant(
      `${index}.weights`,
      [size, size, channels, outputs],
      toHwio(stored, outputs, channels, size * size),
    );
    const attrs = {
      strides: [section.integer("stride_y", stride, 1), section.integer("stride_x", stride, 1)],
      padding: [pad, pad, pad, pad],
      dilations: [dilation, dilation],
      groups,
    } as const;
    if (!normal) {
      const y = this.emit("conv2d", `${index}`, attrs, [
        x,
        weight,
        this.constant(`${index}.bias`, [outputs], bias),
      ]);
      return this.activate(section, y, "logistic");
    }
    const y = this.emit("conv2d", `${index}`, attrs, [x, weight]);
    const parts = [["scale", scale], ["bias", bias], ["mean", mean], ["variance", variance]] as const;
    const names = parts.map(([name, data]) => this.constant(`${index}.${name}`, [outputs], data));
    return this.activate(
      section,
      this.emit("batch_norm", `${index}.norm`, { epsilon: EPSILON }, [y, ...names]),
      "logistic",
    );
  }

  maxpool(section: Section): Layer {
    const x = this.last;
    const stride = section.integer("stride", 1, 1), size = section.integer("size", stride, 1);
    const total = section.integer("padding", size - 1), before = total >> 1;
    const strides: Pair = [section.integer("stride_y", stride, 1), section.integer("stride_x", stride, 1)];
    // As many windows as fit into the padded map; the last may look past it by what the division leaves.
    const padding: Padding = [before, before, total - before, total - before];
    return this.emit("max_pool", `${section.index}`, { kernel: [size, size], strides, padding }, [x]);
  }

  avgpool(section: Section): Layer {
    const x = this.last, kernel: Pair = [x.shape[1], x.shape[2]];
    const attrs = { kernel, strides: [1, 1], padding: [0, 0, 0, 0], countPadding: false } as const;
    return this.emit("avg_pool", `${section.index}`, attrs, [x]);
  }

  route(section: Section): Layer {
    const from = section.numbers("layers").map((index) => this.layer(section, index));
    if (from.length === 0) this.fail(section, "it names no layers", "at least one");
    const groups = section.integer("groups", 1, 1), group = section.integer("group_id", 0);
    const parts = from.map((x, i) => {
      if (groups === 1) return x;
      const [n, h, w, c] = x.shape;
      if (c % groups !== 0 || group >= groups) {
        this.fail(section, `group_id is ${group} of ${groups}`, `groups that divide ${c}`);
      }
      const count = c / groups;
      return this.emit("slice", `${section.index}.part${i}`, {
        starts: [0, 0, 0, group * count],
        sizes: [n, h, w, count],
      }, [x]);
    });
    return parts.length === 1 ? parts[0] : this.emit("concat", `${section.index}`, { axis: 3 }, parts);
  }

  /** Sums; of a larger map every so many pixels count, of other numbers of channels those that both have; the first keeps its own. */
  shortcut(section: Section): Layer {
    if (section.has("weights_type")) {
      this.fail(section, `weights_type is ${section.word("weights_type", "")}`, "none");
    }
    let y = this.last;
    section.numbers("from").forEach((index, i) => {
      let other = this.layer(section, index);
      const [n, h, w, c] = y.shape, more = c - other.shape[3], name = `${section.index}.${i}`;
      const stepY = Math.max(1, Math.floor(other.shape[1] / h)),
        stepX = Math.max(1, Math.floor(other.shape[2] / w));
      if ((h - 1) * stepY >= other.shape[1] || (w - 1) * stepX >= other.shape[2]) {
        this.fail(
          section,
          `layer ${index} is ${formatShape(other.shape)}`,
          `${formatShape(y.shape)}, or a map that many times as large`,
        );
      }
      if (stepY > 1 || stepX > 1) {
        const attrs = { starts: [0, 0, 0, 0], sizes: [n, h, w, other.shape[3]], steps: [1, stepY, stepX, 1] };
        other = this.emit("slice", `${name}.sampled`, attrs, [other]);
      }
      if (more < 0) {
        other = this.emit("slice", `${name}.part`, { starts: [0, 0, 0, 0], sizes: [n, h, w, c] }, [other]);
      }
      if (more > 0) {
        other = this.emit("pad", `${name}.pad`, { before: [0, 0, 0, 0], after: [0, 0, 0, more], value: 0 }, [
          other,
        ]);
      }
      y = this.emit("add", `${name}.sum`, {}, [y, other]);
    });
    return this.activate(section, y, "linear");
  }

  upsample(section: Section): Layer {
    const x = this.last, stride = section.integer("stride", 2, 1);
    const size = [x.shape[1] * stride, x.shape[2] * stride] as const;
    return this.emit("resize", `${section.index}`, {
      size,
      mode: "nearest",
      coordinates: "asymmetric",
      rounding: "floor",
    }, [x]);
  }

  /** `scale_channels`: another layer times this one's vector of channels. */
  scaleChannels(section: Section): Layer {
    if (section.integer("scale_wh", 0) !== 0) this.fail(section, "scale_wh is 1", "0");
    const map = this.layer(section, section.number("from", 0)), vector = this.last;
    if (vector.shape[1] !== 1 || vector.shape[2] !== 1 || vector.shape[3] !== map.shape[3]) {
      this.fail(section, `the layer before it is ${formatShape(vector.shape)}`, `1x1x1x${map.shape[3]}`);
    }
    return this.activate(section, this.emit("mul", `${section.index}`, {}, [map, vector]), "linear");
  }

  /** `sam`: another layer times this one, value by value. */
  sam(section: Section): Layer {
    const map = this.layer(section, section.number("from", 0));
    return this.activate(section, this.emit("mul", `${section.index}`, {}, [map, this.last]), "linear");
  }

  softmax(section: Section): Layer {
    if (section.integer("groups", 1, 1) !== 1) {
      this.fail(section, `groups is ${section.integer("groups", 1)}`, "1");
    }
    const x = this.last, flat = elements(x.shape);
    if (x.shape[3] !== flat) {
      this.fail(section, `the layer before it is ${formatShape(x.shape)}`, "one vector");
    }
    return this.emit("softmax", `${section.index}`, {}, [x]);
  }

  yolo(section: Section): Layer {
    const x = this.last, flat = section.numbers("anchors"), mask = section.numbers("mask");
    const all = Array.from({ length: flat.length >> 1 }, (_, i) => [flat[2 * i], flat[2 * i + 1]] as const);
    const chosen = mask.length > 0
      ? mask.map((i) => all[i] ?? this.fail(section, `mask names anchor ${i}`, `one of ${all.length}`))
      : all;
    const classes = section.integer("classes", 20, 1);
    if (chosen.length === 0 || x.shape[3] !== chosen.length * (5 + classes)) {
      this.fail(
        section,
        `the layer before it has ${x.shape[3]} channels`,
        `${chosen.length} anchors times 5 + ${classes} classes`,
      );
    }
    if (section.integer("new_coords", 0) !== 0) this.fail(section, "new_coords is 1", "0");
    this.heads.push({ output: x.name, anchors: chosen, scaleXY: section.number("scale_x_y", 1), classes });
    return x;
  }

  finish(info: ModelInfo): Graph {
    this.#weights.finish();
    const { heads } = this;
    const outputs = heads.length > 0 ? [...new Set(heads.map(({ output }) => output))] : [this.last.name];
    return this.#builder.build(info, outputs, ["input", ...outputs]);
  }
}

/** Readers of sections by their names. */
const SECTIONS: Readonly<Record<string, (reader: Reader, section: Section) => Layer>> = {
  convolutional: (reader, section) => reader.convolutional(section),
  conv: (reader, section) => reader.convolutional(section),
  maxpool: (reader, section) => reader.maxpool(section),
  max: (reader, section) => reader.maxpool(section),
  avgpool: (reader, section) => reader.avgpool(section),
  avg: (reader, section) => reader.avgpool(section),
  route: (reader, section) => reader.route(section),
  shortcut: (reader, section) => reader.shortcut(section),
  upsample: (reader, section) => reader.upsample(section),
  scale_channels: (reader, section) => reader.scaleChannels(section),
  sam: (reader, section) => reader.sam(section),
  softmax: (reader, section) => reader.softmax(section),
  soft: (reader, section) => reader.softmax(section),
  yolo: (reader, section) => reader.yolo(section),
  dropout: (reader) => reader.last,
  cost: (reader) => reader.last,
};

/**
 * Reads a network. It takes `[1, c, h, w]`; its outputs are what goes into its `[yolo]` layers, or its last layer.
 *
 * @throws {ModelError} If a section is unknown or broken, or the weights are not those of the cfg.
 * @throws {GraphError} If layers do not fit together.
 */
export function readDarknet(config: string, weights: Uint8Array, { info, inputSize }: DarknetOptions): Graph {
  const { net, layers } = parseConfig(config);
  const [height, width] = inputSize ?? [net.integer("height", 416, 1), net.integer("width", 416, 1)];
  const channels = net.integer("channels", 3, 1);
  const reader = new Reader(new WeightReader(weights), [height, width], channels);
  for (const section of layers) {
    const read = Object.hasOwn(SECTIONS, section.kind) ? SECTIONS[section.kind] : undefined;
    if (!read) throw section.error("the section is not supported", Object.keys(SECTIONS).join(", "));
    reader.layers.push(read(reader, section));
  }
  const { heads } = reader;
  const classes = heads.length > 0 ? heads[0].classes : undefined;
  const labels = info.labels?.length === (classes ?? elements(reader.last.shape)) ? info.labels : undefined;
  return reader.finish({
    ...info,
    labels,
    ...(channels === 3 && {
      preprocessing: info.preprocessing ?? {
        input: "input",
        width,
        height,
        resize: "align_corners",
        fit: "stretch",
        pad: 127.5,
        scale: [1 / 255, 1 / 255, 1 / 255],
        offset: [0, 0, 0],
      },
    }),
    postprocessing: info.postprocessing ?? (heads.length > 0
      ? {
        kind: "yolo",
        heads: heads.map(({ output, anchors, scaleXY }) => ({ output, anchors, scaleXY })),
        threshold: 0.5,
        iou: 0.45,
        maxDetections: 100,
      }
      : reader.last.shape.slice(1, 3).every((n) => n === 1)
      ? { kind: "softmax", scores: reader.last.name, logits: layers.at(-1)!.kind !== "softmax" }
      : undefined),
  });
}
