/**
 * The state of a translation: the layers so far, and the graph that they make.
 *
 * @module
 */

import { ModelError } from "../../errors.ts";
import type { Pair } from "../../geometry.ts";
import { GraphBuilder } from "../../graph/builder.ts";
import type { Graph } from "../../graph/graph.ts";
import type { ModelInfo, YoloHead } from "../../graph/model_info.ts";
import type { AttrsOf, OpName } from "../../ops/attrs.ts";
import { opOf } from "../../ops/index.ts";
import { MAX_ELEMENTS } from "../../ops/op.ts";
import { elements, type Shape } from "../../tensor.ts";
import type { Section } from "./config.ts";
import type { WeightReader } from "./weights.ts";

/** Most values of all layers together: those that are in use at one time are far fewer. */
const MAX_VALUES = 16 * MAX_ELEMENTS;

/** A layer's output, a map `[1, h, w, c]`. */
export interface Layer {
  /** Name of the value. */
  readonly name: string;
  readonly shape: Shape;
}

/** Translates layer by layer; the numbers of layers are Darknet's, so that `from` and `layers` find them. */
export class Translator {
  readonly layers: Layer[] = [];
  /** What goes into the `[yolo]` layers. */
  readonly heads: YoloHead[] = [];
  readonly weights: WeightReader;
  /** Whether something was met that only AlexeyAB's fork of Darknet knows. */
  forked = false;
  readonly #builder = new GraphBuilder();
  readonly #constants = new Map<string, Shape>();
  readonly #input: Layer;
  #values = 0;

  /** Starts a network that takes `[1, height, width, channels]`. */
  constructor(weights: WeightReader, [height, width]: Pair, channels: number) {
    this.weights = weights;
    const shape = [1, height, width, channels];
    this.#input = { name: this.#builder.input("input", shape), shape };
    this.#count(shape);
  }

  /** The output of the latest layer. */
  get last(): Layer {
    return this.layers.at(-1) ?? this.#input;
  }

  /** Adds a node; inputs are layers, or constants by name. */
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
    this.#count(shape);
    const names = inputs.map((input) => typeof input === "string" ? input : input.name);
    return { name: this.#builder.node(op, name, attrs, names), shape };
  }

  /** Adds a constant; gives its name. */
  constant(name: string, shape: Shape, data: Float32Array): string {
    this.#constants.set(name, shape);
    return this.#builder.constant(name, shape, data);
  }

  /** Extents of a constant, where there is one of this name. */
  shapeOf(constant: string): Shape | undefined {
    return this.#constants.get(constant);
  }

  /** The layer that an entry of `from` or `layers` names: relative where negative, and always an earlier one. */
  layer(section: Section, index: number): Layer {
    const at = index < 0 ? section.index + index : index;
    const layer = at < section.index ? this.layers[at] : undefined;
    return layer ??
      section.fail(`it refers to layer ${index}`, `one of the ${section.index} before it`);
  }

  /**
   * Ends the network. Its outputs are the heads, or its last layer.
   *
   * @throws {ModelError} If weights are left over.
   */
  finish(info: ModelInfo): Graph {
    this.weights.finish();
    const outputs = this.heads.length > 0
      ? [...new Set(this.heads.map(({ output }) => output))]
      : [this.last.name];
    return this.#builder.build(info, outputs, ["input", ...outputs]);
  }

  #count(shape: Shape): void {
    this.#values += elements(shape);
    if (!(elements(shape) <= MAX_ELEMENTS && this.#values <= MAX_VALUES)) {
      throw new ModelError(
        `Cannot read darknet cfg: its layers are too large, one holds ${
          elements(shape)
        } values, all so far ${this.#values}, wanted at most ${MAX_ELEMENTS} and ${MAX_VALUES}`,
      );
    }
  }
}
