/**
 * Layers under the names that PyTorch's state dicts give them: what the families build their networks from.
 *
 * @module
 */

import { ModelError } from "../src/errors.ts";
import { ceilPadding, outputSize, type Padding, type Pair } from "../src/geometry.ts";
import { toHwio } from "../src/formats/hwio.ts";
import { GraphBuilder } from "../src/graph/builder.ts";
import type { Graph } from "../src/graph/graph.ts";
import type { ModelInfo } from "../src/graph/model_info.ts";
import type { AttrsOf, OpName } from "../src/ops/attrs.ts";
import { opOf } from "../src/ops/index.ts";
import { elements, formatShape, type Shape, type Tensor } from "../src/tensor.ts";

/** Gives the values of a parameter: its key and shape as its upstream stores them. */
export type WeightSource = (upstreamKey: string, shape: Shape) => Float32Array;

/** Weights of a network: tensors by upstream key, or a function. */
export type Weights = ReadonlyMap<string, Tensor> | Readonly<Record<string, Tensor>> | WeightSource;

/** A value of the network, with its extents: `[n, h, w, c]`, or `[n, c]` behind the last pooling. */
export interface Value {
  /** Name of the node or input. */
  readonly name: string;
  /** Its extents. */
  readonly shape: Shape;
}

/** What a convolution may be told beside its outputs. */
export interface ConvOptions {
  /** Extents of the kernel. Default 1. */
  readonly kernel?: number | Pair;
  /** Default 1. */
  readonly stride?: number;
  /** On all sides. Default `kernel >> 1` of a square kernel, dilation counted, which keeps the extents. */
  readonly padding?: number | Padding;
  /** Default 1. */
  readonly dilation?: number;
  /** Default 1. */
  readonly groups?: number;
  /** Whether it has a bias. Default `false`. */
  readonly bias?: boolean;
  /** What the upstream calls weights and bias, behind the layer's key. Default `weight` and `bias`; Caffe's blobs are `0` and `1`. */
  readonly blobs?: readonly [weight: string, bias: string];
}

/** What a pooling layer may be told. */
export interface PoolOptions {
  /** Extent of the window, both ways. */
  readonly kernel: number;
  /** Pixels from window to window. */
  readonly stride: number;
  /** Default 0. */
  readonly padding?: number;
  /** Whether the last window may begin inside and end outside of the map (PyTorch's `ceil_mode`). Default `false`. */
  readonly ceil?: boolean;
  /** Whether averages count the padding. Default `true`, as in PyTorch. */
  readonly countPadding?: boolean;
}

/** An activation function. */
export type Activation = "relu" | "relu6" | "leaky" | "silu" | "mish" | "hard_swish" | "none";

/** What stands for values where shapes alone count. */
const NOTHING = new Float32Array(0);

/** Most problems with weights that one message lists. */
const MOST_LISTED = 20;

/** Where weights are left out: small numbers of both signs, so that the network can be timed and inspected. */
const inventWeights: WeightSource = (key, shape) => {
  const count = elements(shape);
  if (shape.length < 2) return new Float32Array(count).fill(/(running_var|\.weight)$/.test(key) ? 1 : 0);
  const scale = Math.sqrt(3 / (count / shape[0])) / 2 ** 31;
  let state = count;
  return Float32Array.from(
    { length: count },
    () => (state = Math.imul(state, 1664525) + 1013904223 | 0) * scale,
  );
};

/** Builds a network layer by layer; takes every weight once and says at the end what was missing, left over or of another shape. */
export class NetworkBuilder {
  /** Trained values so far; running statistics are not. */
  parameters = 0;
  /** Multiply-adds of convolutions and fully connected layers so far. */
  macs = 0;
  readonly #builder = new GraphBuilder();
  readonly #weights: Weights;
  readonly #used = new Set<string>();
  readonly #missing: string[] = [];
  readonly #misshapen: string[] = [];
  readonly #names = new Map<string, number>();

  readonly #shapesOnly: boolean;

  /** Starts a network that takes its weights from `weights`, or invents them; with `shapesOnly` nothing is kept but what is counted, and {@linkcode build} is out of reach. */
  constructor(weights: Weights = inventWeights, shapesOnly = false) {
    this.#weights = weights;
    this.#shapesOnly = shapesOnly;
  }

  /** The network's input, a picture of `[height, width]`. */
  input(size: Pair, channels = 3, name = "input"): Value {
    const shape = [1, ...size, channels];
    return { name: this.#builder.input(name, shape), shape };
  }

  /** Values of a parameter in its upstream's shape. */
  parameter(key: string, shape: Shape): Float32Array {
    const weights = this.#weights;
    this.#used.add(key);
    if (!/\.running_(mean|var)$/.test(key)) this.parameters += elements(shape);
    if (this.#shapesOnly && weights === inventWeights) return NOTHING;
    if (typeof weights === "function") {
      const data = weights(key, shape);
      if (data.length === elements(shape)) return data;
      this.#misshapen.push(`"${key}" has ${data.length} values, wanted ${formatShape(shape)}`);
      return new Float32Array(elements(shape));
    }
    const tensor = isMap(weights) ? weights.get(key) : Object.hasOwn(weights, key) ? weights[key] : undefined;
    if (!tensor) this.#missing.push(`"${key}" (${formatShape(shape)})`);
    else if (formatShape(tensor.shape) !== formatShape(shape)) {
      this.#misshapen.push(`"${key}" is ${formatShape(tensor.shape)}, wanted ${formatShape(shape)}`);
    } else return tensor.data;
    return new Float32Array(elements(shape));
  }

  /** Whether weights were given under this key; `true` where a function gives them. */
  has(key: string): boolean {
    const weights = this.#weights;
    return typeof weights === "function" || (isMap(weights) ? weights.has(key) : Object.hasOwn(weights, key));
  }

  /** Any operator, under a name of its own that begins with `name`. */
  node<Name extends OpName>(
    op: Name,
    name: string,
    attrs: AttrsOf<Name>,
    inputs: readonly (Value | string)[],
  ): Value {
    const count = this.#names.get(name) ?? 0;
    this.#names.set(name, count + 1);
    const free = count === 0 ? name : `${name}:${count}`;
    const names = inputs.map((input) => typeof input === "string" ? input : input.name);
    const shapes = inputs.map((input) =>
      typeof input === "string" ? this.#constants.get(input)! : input.shape
    );
    const shape = opOf(op).infer(attrs, shapes, `${op} "${free}"`);
    if (op === "conv2d") this.macs += opOf(op).macs?.(attrs, shapes, shape) ?? 0;
    if (this.#shapesOnly) return { name: free, shape };
    return { name: this.#builder.node(op, free, attrs, names), shape };
  }

  readonly #constants = new Map<string, Shape>();

  /** A constant under a name of its own. */
  constant(name: string, shape: Shape, data: Float32Array): string {
    this.#constants.set(name, shape);
    if (this.#shapesOnly) return name;
    return this.#builder.constant(name, shape, data);
  }

  /** A convolution: `KEY.weight` `[outputs, c / groups, kh, kw]`, `KEY.bias`. */
  conv(x: Value, key: string, outputs: number, options: ConvOptions = {}): Value {
    const { stride = 1, dilation = 1, groups = 1, bias = false, blobs = ["weight", "bias"] } = options;
    const [kh, kw] = typeof options.kernel === "object"
      ? options.kernel
      : [options.kernel ?? 1, options.kernel ?? 1];
    const pad = options.padding ?? [(kh - 1) * dilation >> 1, (kw - 1) * dilation >> 1];
    const padding: Padding = typeof pad === "number"
      ? [pad, pad, pad, pad]
      : pad.length === 2
      ? [pad[0], pad[1], pad[0], pad[1]]
      : pad as Padding;
    const channels = x.shape[3] / groups;
    const [weights, biases] = blobs.map((blob) => `${key}.${blob}`);
    const stored = this.parameter(weights, [outputs, channels, kh, kw]);
    const weight = this.constant(
      weights,
      [kh, kw, channels, outputs],
      this.#shapesOnly ? NOTHING : toHwio(stored, outputs, channels, kh * kw),
    );
    const inputs = [x, weight];
    if (bias) inputs.push(this.constant(biases, [outputs], this.parameter(biases, [outputs])));
    const attrs = { strides: [stride, stride], padding, dilations: [dilation, dilation], groups } as const;
    return this.node("conv2d", key, attrs, inputs);
  }

  /** Batch normalisation: `KEY.weight`, `.bias`, `.running_mean`, `.running_var`. */
  batchNorm(x: Value, key: string, epsilon = 1e-5): Value {
    const shape = [x.shape[3]];
    const parts = ["weight", "bias", "running_mean", "running_var"].map((part) =>
      this.constant(`${key}.${part}`, shape, this.parameter(`${key}.${part}`, shape))
    );
    return this.node("batch_norm", key, { epsilon }, [x, ...parts]);
  }

  /** An activation. */
  activate(x: Value, activation: Activation, slope = 0.01): Value {
    const name = `${x.name}.${activation}`;
    switch (activation) {
      case "none":
        return x;
      case "relu":
        return this.node("clip", name, { lo: 0 }, [x]);
      case "relu6":
        return this.node("clip", name, { lo: 0, hi: 6 }, [x]);
      case "leaky":
        return this.node("leaky_relu", name, { alpha: slope }, [x]);
      default:
        return this.node(activation, name, {}, [x]);
    }
  }

  /** Max pooling. */
  maxPool(x: Value, name: string, options: PoolOptions): Value {
    const { kernel, stride } = options;
    const attrs = {
      kernel: [kernel, kernel],
      strides: [stride, stride],
      padding: poolPadding(x.shape, options),
    } as const;
    return this.node("max_pool", name, attrs, [x]);
  }

  /** Average pooling. */
  avgPool(x: Value, name: string, options: PoolOptions): Value {
    const { kernel, stride, countPadding = true } = options;
    const padding = poolPadding(x.shape, options);
    return this.node("avg_pool", name, {
      kernel: [kernel, kernel],
      strides: [stride, stride],
      padding,
      countPadding,
    }, [x]);
  }

  /** The mean of each channel: `[n, 1, 1, c]`. */
  globalPool(x: Value, name = "pool"): Value {
    const kernel = [x.shape[1], x.shape[2]] as const;
    return this.node("avg_pool", name, {
      kernel,
      strides: [1, 1],
      padding: [0, 0, 0, 0],
      countPadding: false,
    }, [x]);
  }

  /** A fully connected layer on `[n, 1, 1, c]`: `KEY.weight` `[outputs, c]`, `KEY.bias` unless there is none. Gives `[n, outputs]`. */
  linear(x: Value, key: string, outputs: number, bias = true): Value {
    const channels = x.shape[3];
    const stored = this.parameter(`${key}.weight`, [outputs, channels]);
    const weight = this.constant(
      `${key}.weight`,
      [1, 1, channels, outputs],
      this.#shapesOnly ? NOTHING : toHwio(stored, outputs, channels, 1),
    );
    const inputs = [x, weight];
    if (bias) inputs.push(this.constant(`${key}.bias`, [outputs], this.parameter(`${key}.bias`, [outputs])));
    const attrs = { strides: [1, 1], padding: [0, 0, 0, 0], dilations: [1, 1], groups: 1 } as const;
    const y = this.node("conv2d", key, attrs, inputs);
    return this.node("reshape", `${key}.flat`, { shape: [x.shape[0], outputs] }, [y]);
  }

  /** Concatenation of channels. */
  concat(values: readonly Value[], name: string): Value {
    return this.node("concat", name, { axis: 3 }, values);
  }

  /** Element-wise sum. */
  add(a: Value, b: Value, name: string): Value {
    return this.node("add", name, {}, [a, b]);
  }

  /** Channels [from, from + count). */
  channels(x: Value, from: number, count: number, name: string): Value {
    const [n, h, w] = x.shape;
    return this.node("slice", name, { starts: [0, 0, 0, from], sizes: [n, h, w, count] }, [x]);
  }

  /**
   * The finished graph; maps enter and leave as `[n, c, h, w]`.
   *
   * @throws {ModelError} If weights are missing, left over or misshapen; all of them are listed.
   */
  build(info: ModelInfo, outputs: readonly Value[]): Graph {
    const given = typeof this.#weights === "function"
      ? []
      : isMap(this.#weights)
      ? [...this.#weights.keys()]
      : Object.keys(this.#weights);
    const superfluous = given.filter((key) => !this.#used.has(key) && !key.endsWith("num_batches_tracked"));
    const problems = [
      ...this.#missing.map((text) => `missing ${text}`),
      ...this.#misshapen.map((text) => `misshapen ${text}`),
      ...superfluous.map((key) => `superfluous "${key}"`),
    ];
    if (problems.length > 0) {
      const more = problems.length > MOST_LISTED ? `; and ${problems.length - MOST_LISTED} more` : "";
      throw new ModelError(
        `Cannot build "${info.name}": ${problems.length} of its weights do not fit: ${
          problems.slice(0, MOST_LISTED).join("; ")
        }${more}`,
      );
    }
    const maps = ["input", ...outputs.filter(({ shape }) => shape.length === 4).map(({ name }) => name)];
    return this.#builder.build(info, outputs.map(({ name }) => name), maps);
  }
}

function isMap(weights: Weights): weights is ReadonlyMap<string, Tensor> {
  return weights instanceof Map;
}

/** Explicit padding of a pooling layer under PyTorch's rules: rounded up, the last window must begin inside the map or its padding before. */
function poolPadding([, h, w]: Shape, { kernel, stride, padding = 0, ceil = false }: PoolOptions): Padding {
  const after = (input: number) => ceil ? ceilPadding(input, kernel, stride, padding, padding) : padding;
  const [bottom, right] = [after(h), after(w)];
  return outputSize(h, kernel, stride, 1, padding, bottom) > 0
    ? [padding, padding, bottom, right]
    : [0, 0, 0, 0];
}
