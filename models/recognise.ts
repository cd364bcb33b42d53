/**
 * Finds out which network of the zoo a state dict belongs to: the one that asks for just these keys and shapes.
 *
 * @module
 */

import { ModelError } from "../src/errors.ts";
import type { Pair } from "../src/geometry.ts";
import type { Graph } from "../src/graph/graph.ts";
import type { ModelInfo } from "../src/graph/model_info.ts";
import { formatShape, type Shape, type Tensor } from "../src/tensor.ts";
import { buildModel } from "./build.ts";
import { translateKeys } from "./dialects.ts";
import { NetworkBuilder } from "./layers.ts";
import type { Network } from "./network.ts";
import { networks } from "./networks.ts";

/** A network that a state dict belongs to. */
export interface Recognised {
  /** Its name in the zoo. */
  readonly name: string;
  /** Number of classes, without background. */
  readonly classes: number;
  /** The tensors under the keys that the zoo knows them by. */
  readonly weights: ReadonlyMap<string, Tensor>;
}

/** What weights do not tell. */
export interface RecogniseOptions {
  /** Input height and width; the network's own when left out. */
  readonly inputSize?: Pair;
  /** What the model is called, its labels, its preprocessing; wins over what the zoo says of the network. */
  readonly info?: Partial<ModelInfo>;
  /** Told what weights leave open and is taken as published. */
  readonly onAssumption?: (text: string) => void;
}

/** Where a network and a state dict part. */
class Misfit extends Error {
  /** Number of classes with which they might not. */
  readonly classes?: number;

  constructor(message: string, classes?: number) {
    super(message);
    this.classes = classes;
  }
}

/** What a network's last layers count for each place beside the classes: nothing, the background, or a box and its objectness. */
const EXTRA_COLUMNS = { classify: [0], detect: [1, 5] } as const;

/** The number of classes that makes a layer of `wanted` outputs one of `found`. */
function solveClasses(
  found: Shape,
  wanted: Shape,
  classes: number,
  task: Network["task"],
): number | undefined {
  if (found.length !== wanted.length || found.slice(1).some((n, i) => n !== wanted[i + 1])) return undefined;
  for (const extra of EXTRA_COLUMNS[task]) {
    const places = wanted[0] / (classes + extra), solved = found[0] / places - extra;
    if (Number.isInteger(places) && Number.isInteger(solved) && solved > 0) return solved;
  }
  return undefined;
}

/** Follows a network as far as a state dict goes with it: how many tensors they have in common, and where they part. */
function follow(
  network: Network,
  classes: number,
  weights: ReadonlyMap<string, Tensor>,
): { matched: number; misfit?: Misfit } {
  let matched = 0;
  const net = new NetworkBuilder((key, shape) => {
    const tensor = weights.get(key);
    if (!tensor) throw new Misfit(`it has no "${key}" (${formatShape(shape)})`);
    if (formatShape(tensor.shape) !== formatShape(shape)) {
      throw new Misfit(
        `its "${key}" is ${formatShape(tensor.shape)}, wanted ${formatShape(shape)}`,
        solveClasses(tensor.shape, shape, classes, network.task),
      );
    }
    matched++;
    return tensor.data;
  }, true);
  try {
    network.build(net, net.input(network.inputSize), { inputSize: network.inputSize, classes });
  } catch (cause) {
    if (cause instanceof Misfit) return { matched, misfit: cause };
    throw cause;
  }
  const trained = [...weights.keys()].filter((key) => !key.endsWith("num_batches_tracked")).length;
  return matched === trained
    ? { matched }
    : { matched, misfit: new Misfit(`${trained - matched} of its tensors are left over`) };
}

/**
 * Recognises the network of a state dict by keys and shapes; the number of classes is read off its last layers.
 *
 * @throws {ModelError} If no network of the zoo has such weights; the nearest one is named, with the first tensor that does not fit.
 */
export function recognise(state: ReadonlyMap<string, Tensor>): Recognised {
  const weights = translateKeys(state);
  let nearest = { name: "", matched: -1, reason: "" };
  // A network that was published with this number of classes goes before one of the same layers that was not.
  let retrained: Recognised | undefined;
  for (const [name, network] of Object.entries(networks)) {
    let { matched, misfit } = follow(network, network.classes, weights);
    if (!misfit) return { name, classes: network.classes, weights };
    const { classes } = misfit;
    if (classes !== undefined && !retrained) {
      ({ matched, misfit } = follow(network, classes, weights));
      if (!misfit) retrained = { name, classes, weights };
    }
    if (misfit && matched > nearest.matched) nearest = { name, matched, reason: misfit.message };
  }
  if (retrained) return retrained;
  const first = [...state].slice(0, 3).map(([key, { shape }]) => `"${key}" (${formatShape(shape)})`);
  throw new ModelError(
    nearest.matched === 0
      ? `Cannot recognise the network of ${state.size} tensors, ${
        first.join(", ")
      }...: none of the zoo begins so; \
build it with GraphBuilder, or export it to ONNX`
      : `Cannot recognise the network of ${state.size} tensors: nearest is ${nearest.name}, \
${nearest.matched} tensors fit, but ${nearest.reason}`,
  );
}

/**
 * Builds the network that a state dict belongs to.
 *
 * @throws {ModelError} If no network of the zoo has such weights.
 * @throws {OptionError} If the input size is out of range.
 */
export function buildRecognised(
  state: ReadonlyMap<string, Tensor>,
  { inputSize, info, onAssumption }: RecogniseOptions = {},
): Graph {
  const { name, classes, weights } = recognise(state);
  const [height, width] = networks[name].inputSize;
  if (!inputSize) {
    onAssumption?.(
      `weights of ${name}, which do not tell the size of its input; taken as published, ${width}x${height}`,
    );
  }
  const graph = buildModel(name, { inputSize, classes, weights });
  return info ? { ...graph, info: { ...graph.info, ...info } } : graph;
}
