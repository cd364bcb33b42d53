/**
 * Layers models: the topology of a Keras model as JSON, Sequential or Functional, and models in models (tensorflow/tfjs: tfjs-layers/src/engine/container.ts).
 *
 * @module
 */

import { ModelError } from "../../errors.ts";
import type { Pair } from "../../geometry.ts";
import type { GraphBuilder } from "../../graph/builder.ts";
import type { Tensor } from "../../tensor.ts";
import { isRecord } from "./graph_def.ts";
import { fixShape } from "./input_shape.ts";
import { type Layer, layers } from "./keras_layers.ts";
import { shapeOf, type TfValue, type Translator } from "./translator.ts";

/** How deep models may hold models. */
const MAX_DEPTH = 8;

/** How many layers a model may have, those of shared models each time they run. */
const MAX_LAYERS = 4000;

/** A model's configuration, or `undefined` if the topology is no Keras model. */
function configOf(topology: unknown): Record<string, unknown> | undefined {
  const model = isRecord(topology) && isRecord(topology.model_config) ? topology.model_config : topology;
  return isRecord(model) && typeof model.class_name === "string" && "config" in model ? model : undefined;
}

/** Whether a topology is that of a layers model. */
export function isKeras(topology: unknown): boolean {
  return configOf(topology) !== undefined;
}

/** Outputs by name, and which of them holds scores of classes. */
export interface KerasOutputs {
  readonly outputs: ReadonlyMap<string, TfValue>;
  readonly softmax?: { readonly name: string; readonly logits: boolean };
}

/** A reference to what a layer made when it ran for the `run`-th time. */
interface Reference {
  readonly layer: string;
  readonly run: number;
  readonly output: number;
}

/** One layer of a functional model. */
interface Described {
  readonly name: string;
  readonly className: string;
  readonly config: Record<string, unknown>;
  /** What each run reads. */
  readonly runs: readonly (readonly Reference[])[];
}

/** One run of a layer. */
interface Run {
  readonly layer: Described;
  readonly reads: readonly Reference[];
  readonly run: number;
}

function runsOf(layer: Described): Run[] {
  return layer.className === "InputLayer" ? [] : layer.runs.map((reads, run) => ({ layer, reads, run }));
}

const keyOf = ({ layer, run }: Pick<Reference, "layer" | "run">) => `${layer}:${run}`;

function refuse(what: string, found: string, wanted: string): never {
  throw new ModelError(`Cannot read ${what}: ${found}, wanted ${wanted}`);
}

function reference(value: unknown): Reference {
  const [layer, run = 0, output = 0]: unknown[] = Array.isArray(value) ? value : [];
  if (typeof layer !== "string" || !Number.isInteger(run) || !Number.isInteger(output)) {
    refuse(
      "layers model",
      `a reference is ${String(JSON.stringify(value)).slice(0, 80)}`,
      "[layer, run, output]",
    );
  }
  return { layer, run: Number(run), output: Number(output) };
}

/** One reference, or a list of them. */
function references(value: unknown): Reference[] {
  if (!Array.isArray(value)) return [];
  return typeof value[0] === "string" ? [reference(value)] : value.map(reference);
}

/** Tensors among the arguments of a call, as Keras 3 tells them. */
function tensorsIn(value: unknown, depth = 0): Reference[] {
  if (depth > MAX_DEPTH || typeof value !== "object" || value === null) return [];
  if (isRecord(value) && value.class_name === "__keras_tensor__" && isRecord(value.config)) {
    return [reference(value.config.keras_history)];
  }
  return Object.values(value).flatMap((item) => tensorsIn(item, depth + 1));
}

function describe(value: unknown, index: number): Described {
  const { class_name: className, config, inbound_nodes: inbound } = isRecord(value) ? value : {};
  if (typeof className !== "string" || !isRecord(config)) {
    return refuse("layers model", `layer ${index} has no class_name or config`, "both");
  }
  const name = isRecord(value) && typeof value.name === "string" ? value.name : config.name;
  return {
    name: typeof name === "string" ? name : `layer${index}`,
    className,
    config,
    runs: Array.isArray(inbound)
      ? inbound.map((run) => isRecord(run) ? tensorsIn(run.args) : references(run))
      : [],
  };
}

/** Runs the layers of a model. */
class Runner {
  readonly #weights: ReadonlyMap<string, Tensor>;
  /** Weights without the name of the cell that TensorFlow 2.2 puts between layer and weight. */
  readonly #shortened: ReadonlyMap<string, string>;
  readonly #builder: GraphBuilder;
  readonly #to: Translator;
  readonly #inputSize: Pair | undefined;
  readonly #taken = new Set<string>();
  #layers = 0;
  /** Class and activation of the layer that made a value. */
  readonly makers = new Map<TfValue, string>();

  constructor(
    weights: ReadonlyMap<string, Tensor>,
    builder: GraphBuilder,
    to: Translator,
    inputSize: Pair | undefined,
  ) {
    this.#weights = weights;
    this.#shortened = new Map([...weights.keys()].map((key) => {
      const parts = key.split("/");
      return [[...parts.slice(0, -2), ...parts.slice(-1)].join("/"), key];
    }));
    this.#builder = builder;
    this.#to = to;
    this.#inputSize = inputSize;
  }

  /** A name in the graph that no layer has yet. */
  #unique(name: string): string {
    let unique = name;
    for (let run = 1; this.#taken.has(unique); run++) unique = `${name}_${run}`;
    this.#taken.add(unique);
    return unique;
  }

  #weight(layer: string, weight: string): (TfValue & { kind: "constant" }) | undefined {
    const direct = `${layer}/${weight}`;
    const name = this.#weights.has(direct) ? direct : this.#shortened.get(direct);
    const tensor = name === undefined ? undefined : this.#weights.get(name);
    return tensor && { kind: "constant", name: name!, tensor };
  }

  /** The input of the model: `batch_input_shape`, in Keras 3 `batch_shape`. */
  #input(name: string, config: Record<string, unknown>): TfValue {
    const told = config.batch_input_shape ?? config.batch_shape ?? config.batchInputShape;
    const extents = Array.isArray(told) ? told.map((n) => typeof n === "number" ? n : NaN) : [];
    const shape = fixShape(`input layer "${name}"`, extents, this.#inputSize);
    return { kind: "computed", name: this.#builder.input(this.#unique(name), shape), shape };
  }

  #layer({ name, className, config }: Described, inputs: readonly TfValue[], depth: number): TfValue[] {
    if (++this.#layers > MAX_LAYERS) refuse("layers model", `it runs over ${MAX_LAYERS} layers`, "fewer");
    if (className === "Sequential" || className === "Functional" || className === "Model") {
      return this.run(className, config, inputs, depth + 1).map(([, value]) => value);
    }
    const handler = Object.hasOwn(layers, className) ? layers[className] : undefined;
    if (!handler) {
      return refuse(
        `layer "${name}" (${className})`,
        "the layer is not supported",
        `one of ${Object.keys(layers).join(", ")}`,
      );
    }
    if (inputs.length === 0) refuse(`layer "${name}" (${className})`, "it has no inputs", "at least one");
    if (config.data_format === "channels_first") {
      refuse(`layer "${name}"`, "its data_format is channels_first", "channels_last");
    }
    const layer: Layer = {
      name: this.#unique(name),
      className,
      config,
      inputs,
      weight: (weight) => this.#weight(name, weight),
      to: this.#to,
    };
    const made = handler(layer);
    if (made !== inputs[0]) this.makers.set(made, `${className} ${config.activation ?? ""}`);
    return [made];
  }

  /** Runs a model on inputs, its own where there are none; gives its outputs with the names of the layers that make them. */
  run(className: string, config: unknown, inputs: readonly TfValue[], depth = 0): [string, TfValue][] {
    if (depth > MAX_DEPTH) refuse("layers model", "models hold models without end", `at most ${MAX_DEPTH}`);
    const list: unknown = isRecord(config) ? config.layers : config;
    if (!Array.isArray(list) || list.length === 0) {
      return refuse("layers model", "it has no layers", "at least one");
    }
    const described = list.map(describe);
    if (className === "Sequential") return this.#sequence(described, inputs, depth);
    return this.#functional(config as Record<string, unknown>, described, inputs, depth);
  }

  #sequence(described: readonly Described[], inputs: readonly TfValue[], depth: number): [string, TfValue][] {
    let value = inputs[0], last = "";
    for (const layer of described) {
      if (layer.className === "InputLayer") {
        value ??= this.#input(layer.name, layer.config);
        continue;
      }
      const model = Array.isArray(layer.config.layers);
      if (!value && !model) value = this.#input(`${layer.name}_input`, layer.config);
      [value] = this.#layer(layer, value ? [value] : [], depth);
      last = layer.name;
    }
    if (!value) refuse("layers model", "it makes nothing", "a layer beside its input");
    return [[last, value]];
  }

  #functional(
    config: Record<string, unknown>,
    described: readonly Described[],
    inputs: readonly TfValue[],
    depth: number,
  ): [string, TfValue][] {
    const made = new Map<string, readonly TfValue[]>();
    const take = (wanted: Reference): TfValue =>
      made.get(keyOf(wanted))?.[wanted.output] ??
        refuse(
          "layers model",
          `output ${wanted.output} of layer "${wanted.layer}" is missing`,
          "one that is made",
        );
    const names = references(config.input_layers).map(({ layer }) => layer);
    if (inputs.length > 0 && inputs.length !== names.length) {
      refuse("layers model", `a model in it has ${inputs.length} inputs`, `${names.length}`);
    }
    const byName = new Map(described.map((layer) => [layer.name, layer]));
    names.forEach((name, i) => {
      const layer = byName.get(name) ??
        refuse("layers model", `input layer "${name}" is missing`, "a layer of that name");
      made.set(keyOf({ layer: name, run: 0 }), [inputs[i] ?? this.#input(name, layer.config)]);
    });
    const waiting = new Map<string, Run[]>();
    for (const run of described.flatMap(runsOf)) {
      // A layer runs when what it reads is there, and then those that wait for it.
      const open = [run];
      for (let next = open.pop(); next; next = open.pop()) {
        const missing = next.reads.find((read) => !made.has(keyOf(read)));
        const key = keyOf(missing ?? { layer: next.layer.name, run: next.run });
        if (missing) waiting.set(key, [...waiting.get(key) ?? [], next]);
        else {
          made.set(key, this.#layer(next.layer, next.reads.map(take), depth));
          open.push(...waiting.get(key) ?? []);
          waiting.delete(key);
        }
      }
    }
    for (const [{ layer }] of waiting.values()) {
      refuse(
        `layer "${layer.name}"`,
        "it reads what is never made",
        "layers that can run one after the other",
      );
    }
    return references(config.output_layers).map((wanted) => [wanted.layer, take(wanted)]);
  }
}

/**
 * Reads a layers model into the builder.
 *
 * @throws {ModelError} If the topology is broken, or a layer is not supported.
 */
export function readKeras(
  topology: unknown,
  weights: ReadonlyMap<string, Tensor>,
  builder: GraphBuilder,
  to: Translator,
  inputSize: Pair | undefined,
): KerasOutputs {
  const model = configOf(topology)!, runner = new Runner(weights, builder, to, inputSize);
  const list = runner.run(String(model.class_name), model.config, []);
  const outputs = new Map(list.map(([, value]) => [value.name, value]));
  const [[name, value]] = outputs.size > 0
    ? outputs
    : refuse("layers model", "it has no outputs", "at least one");
  const shape = shapeOf(value);
  if (outputs.size > 1 || shape.length !== 2 || shape[1] < 2) return { outputs };
  return { outputs, softmax: { name, logits: !/softmax/i.test(runner.makers.get(value) ?? "") } };
}
