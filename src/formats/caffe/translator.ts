/**
 * The state of a translation: Caffe's blobs, which layers overwrite, and the nodes that make them.
 *
 * @module
 */

import { ModelError } from "../../errors.ts";
import { GraphBuilder } from "../../graph/builder.ts";
import type { Graph } from "../../graph/graph.ts";
import type { ModelInfo, SsdPostprocessing } from "../../graph/model_info.ts";
import type { AttrsOf, OpName } from "../../ops/attrs.ts";
import { opOf } from "../../ops/index.ts";
import { MAX_ELEMENTS } from "../../ops/op.ts";
import { elements, formatShape, type Shape, type Tensor } from "../../tensor.ts";
import type { Message } from "./message.ts";
import type { Priors } from "./prior_box.ts";

/** What a layer gives: a value of the graph, with the extents that Caffe sees. */
export interface Blob {
  /** Name of the value. */
  readonly name: string;
  /** Extents in Caffe's order: `[n, c, h, w]` of a map. */
  readonly shape: Shape;
  /** Whether the value is a map `[n, h, w, c]`; else it has just these extents. */
  readonly map: boolean;
  /** What made scores of it, and of which blob. */
  readonly activation?: "softmax" | "sigmoid";
  /** The blob that this one shows the values of, or their scores. */
  readonly source?: Blob;
}

/** Reads a layer: takes blobs, gives blobs. */
export type LayerReader = (
  layer: Message,
  inputs: readonly Blob[],
  translator: Translator,
) => readonly Blob[];

/** A node that has not been added yet: only those that outputs need will be. */
interface Draft {
  readonly inputs: readonly string[];
  readonly add: (builder: GraphBuilder) => void;
}

/** Translates layer by layer. */
export class Translator {
  /** How the network's boxes are found, where it ends in a DetectionOutput. */
  detection?: SsdPostprocessing;
  /** Priors by the blobs that hold them. */
  readonly priors = new Map<string, Priors>();
  readonly #weights: ReadonlyMap<string, readonly Tensor[]>;
  readonly #blobs = new Map<string, Blob>();
  readonly #unused = new Set<string>();
  readonly #drafts = new Map<string, Draft>();
  readonly #shapes = new Map<string, Shape>();
  readonly #constants = new Map<string, Tensor>();
  #input: Blob | undefined;
  #inputs: readonly string[] = [];
  #heads: readonly Blob[] = [];
  #values = 0;

  /** Starts a network with these weights. */
  constructor(weights: ReadonlyMap<string, readonly Tensor[]>) {
    this.#weights = weights;
  }

  /** Extents of the network's input. */
  get picture(): Shape {
    return this.#input?.shape ?? [];
  }

  /** Names of the blobs that the current layer takes. */
  get inputs(): readonly string[] {
    return this.#inputs;
  }

  /** Declares the input. */
  input(name: string, shape: Shape): Blob {
    const [n, c, h, w] = shape;
    this.#input = { name, shape, map: true };
    this.#count([n, h, w, c]);
    this.#shapes.set(name, [n, h, w, c]);
    this.#blobs.set(name, this.#input);
    return this.#input;
  }

  /** Reads a layer and puts what it gives under the names of its tops. */
  read(layer: Message, reader: LayerReader): void {
    const tops = layer.words("top");
    this.#inputs = layer.words("bottom");
    const inputs = this.#inputs.map((name) =>
      this.#blobs.get(name) ?? layer.fail(`it takes ${JSON.stringify(name)}`, "a blob of a layer before it")
    );
    if (inputs.length === 0) layer.fail("it takes no blob", "at least one");
    for (const name of this.#inputs) this.#unused.delete(name);
    const outputs = reader(layer, inputs, this);
    tops.forEach((top, i) => {
      const blob = outputs[Math.min(i, outputs.length - 1)];
      if (!blob) return;
      this.#blobs.set(top, blob);
      this.#unused.add(top);
    });
  }

  /** Weights of a layer; `wanted` are the numbers of values of its blobs. */
  weights(layer: Message, wanted: readonly number[]): Float32Array[] {
    const blobs = this.#weights.get(layer.word("name"));
    const found = (blobs ?? []).map(({ shape }) => formatShape(shape)).join(", ");
    if (!blobs || blobs.length < wanted.length) {
      layer.fail(
        `its weights are ${found || "missing"}`,
        `${wanted.length} blobs of ${wanted.join(", ")} values; is it the .caffemodel of this .prototxt?`,
      );
    }
    return wanted.map((count, i) => {
      const { data } = blobs[i];
      if (data.length !== count) {
        layer.fail(
          `its weights are ${found}`,
          `${count} values in blob ${i}; is it the .caffemodel of this .prototxt?`,
        );
      }
      return data;
    });
  }

  /** How many values blob `index` of a layer holds; 0 where there is none. */
  countOf(layer: Message, index: number): number {
    return this.#weights.get(layer.word("name"))?.[index]?.data.length ?? 0;
  }

  /** Adds a node under a free name that begins with `name`; gives it with its extents. */
  emit<Name extends OpName>(
    op: Name,
    name: string,
    attrs: AttrsOf<Name>,
    inputs: readonly string[],
  ): { readonly name: string; readonly shape: Shape } {
    const free = this.#free(name);
    const shape = opOf(op).infer(attrs, inputs.map((input) => this.#shapes.get(input)!), `${op} "${free}"`);
    this.#count(shape);
    this.#shapes.set(free, shape);
    this.#drafts.set(free, { inputs, add: (builder) => builder.node(op, free, attrs, inputs) });
    return { name: free, shape };
  }

  /** Adds a node that gives a map. */
  map<Name extends OpName>(op: Name, name: string, attrs: AttrsOf<Name>, inputs: readonly string[]): Blob {
    const { name: value, shape: [n, h, w, c] } = this.emit(op, name, attrs, inputs);
    return { name: value, shape: [n, c, h, w], map: true };
  }

  /** Adds a node that gives what `like` is: a map, or the same extents. */
  same<Name extends OpName>(
    op: Name,
    name: string,
    attrs: AttrsOf<Name>,
    like: Blob,
    more: readonly string[] = [],
  ): Blob {
    const { name: value } = this.emit(op, name, attrs, [like.name, ...more]);
    return { name: value, shape: like.shape, map: like.map };
  }

  /** Adds a constant. */
  constant(name: string, shape: Shape, data: Float32Array): string {
    const free = this.#free(name);
    this.#shapes.set(free, shape);
    this.#constants.set(free, { shape, data });
    return free;
  }

  /** The blob as a value of its own extents: a map of more than one pixel and channel is transposed. */
  plain(blob: Blob): Blob {
    if (!blob.map) return blob;
    const [, c, h, w] = blob.shape, name = `${blob.name}.nchw`;
    const { name: value } = c === 1 || h * w === 1
      ? this.emit("reshape", name, { shape: blob.shape }, [blob.name])
      : this.emit("transpose", name, { permutation: [0, 3, 1, 2] }, [blob.name]);
    return { ...blob, name: value, map: false };
  }

  /** The blob as a map; a vector becomes one of one pixel. */
  asMap(layer: Message, blob: Blob): Blob {
    if (blob.map) return blob;
    const [n, c, h = 1, w = 1] = blob.shape, name = `${blob.name}.nhwc`;
    if (blob.shape.length !== 4 && blob.shape.length !== 2) {
      layer.fail(`it takes a blob of ${formatShape(blob.shape)}`, "a map or a vector");
    }
    const { name: value } = c === 1 || h * w === 1
      ? this.emit("reshape", name, { shape: [n, h, w, c] }, [blob.name])
      : this.emit("transpose", name, { permutation: [0, 2, 3, 1] }, [blob.name]);
    return { name: value, shape: [n, c, h, w], map: true };
  }

  /** Ends the network in a detector: these blobs are its outputs. */
  detect(detection: SsdPostprocessing, heads: readonly Blob[]): void {
    this.detection = detection;
    this.#heads = heads;
  }

  /** The network's outputs: the heads of a detector, else the blobs that no layer takes. */
  outputs(): readonly Blob[] {
    if (this.detection) return this.#heads;
    const names = [...this.#unused].filter((name) => !this.priors.has(name));
    return names.map((name) => this.#blobs.get(name)!).filter((blob) => blob !== this.#input);
  }

  /**
   * The finished graph: what the outputs need, and nothing else.
   *
   * @throws {ModelError} If there is no output.
   */
  finish(info: ModelInfo, outputs: readonly Blob[]): Graph {
    const names = [...new Set(outputs.map(({ name }) => name))];
    if (names.length === 0 || !this.#input) {
      throw new ModelError("Cannot read prototxt: no layer gives an output");
    }
    const needed = new Set<string>(names), queue = [...names];
    for (const name of queue) {
      for (const input of this.#drafts.get(name)?.inputs ?? []) {
        if (needed.has(input)) continue;
        needed.add(input);
        queue.push(input);
      }
    }
    const builder = new GraphBuilder();
    const { name, shape: [n, c, h, w] } = this.#input;
    builder.input(name, [n, h, w, c]);
    for (const [constant, { shape, data }] of this.#constants) {
      if (needed.has(constant) || constant === this.detection?.priors) {
        builder.constant(constant, shape, data);
      }
    }
    for (const [node, { add }] of this.#drafts) if (needed.has(node)) add(builder);
    const maps = outputs.filter(({ map }) => map).map((blob) => blob.name);
    return builder.build(info, names, [name, ...new Set(maps)]);
  }

  #free(name: string): string {
    const taken = (candidate: string) => this.#shapes.has(candidate);
    if (!taken(name)) return name;
    let number = 1;
    while (taken(`${name}:${number}`)) number++;
    return `${name}:${number}`;
  }

  #count(shape: Shape): void {
    this.#values += elements(shape);
    if (!(this.#values <= MAX_ELEMENTS)) {
      throw new ModelError(`Cannot read prototxt: its blobs hold more than ${MAX_ELEMENTS} values`);
    }
  }
}
