/**
 * Builds the networks of the zoo by name.
 *
 * @module
 */

import { ModelError, OptionError } from "../src/errors.ts";
import type { Pair } from "../src/geometry.ts";
import type { Graph } from "../src/graph/graph.ts";
import type { ModelInfo, Preprocessing } from "../src/graph/model_info.ts";
import { nearest } from "../src/nearest.ts";
import { NetworkBuilder, type Value, type Weights } from "./layers.ts";
import type { Network, NetworkOptions, Variants } from "./network.ts";
import { networks } from "./networks.ts";

/** How to build a network. */
export interface BuildOptions extends Variants {
  /** Input height and width, or one number for both; the network's own when left out. */
  readonly inputSize?: number | Pair;
  /** Number of classes, without background; the network's own when left out. */
  readonly classes?: number;
  /** Weights by the upstream's keys, in its shapes; small invented ones when left out, for timing and inspection. */
  readonly weights?: Weights;
}

/** Largest input extent. */
const MAX_SIZE = 4096;

/**
 * Finds a network by name.
 *
 * @throws {ModelError} If there is none (`unknown_model`); the nearest name is suggested.
 */
export function findNetwork(name: string): Network {
  if (Object.hasOwn(networks, name)) return networks[name];
  const names = Object.keys(networks), meant = nearest(name, names);
  throw new ModelError(
    `Unknown network ${JSON.stringify(name)}; ${
      meant ? `did you mean ${meant}?` : `known are ${names.join(", ")}`
    }`,
    "unknown_model",
  );
}

/**
 * Builds a network of the zoo. Its graph takes and gives maps as `[n, c, h, w]`, like its upstream.
 *
 * @throws {ModelError} If there is no such network, or the weights do not fit it: every tensor that is missing, superfluous or misshapen is listed.
 * @throws {OptionError} If the input size or number of classes is out of range.
 * @throws {GraphError} If the input is too small for the network.
 */
export function buildModel(name: string, options: BuildOptions = {}): Graph {
  const { network, chosen } = choose(name, options);
  const { inputSize: size, classes } = chosen;
  const net = new NetworkBuilder(options.weights);
  const input = net.input(size);
  const outputs = network.build(net, input, chosen);
  const info: ModelInfo = {
    name,
    licence: network.licence,
    ...(network.labels?.length === classes && { labels: network.labels }),
    preprocessing: {
      input: input.name,
      width: size[1],
      height: size[0],
      ...network.preprocessing,
      ...cropOf(network, size),
    },
    postprocessing: network.postprocessing?.(outputs, chosen) ??
      { kind: "softmax", scores: outputs[0].name, logits: true },
  };
  return net.build(info, outputs);
}

/** A network, and what is chosen of it, checked. */
function choose(name: string, options: BuildOptions): { network: Network; chosen: NetworkOptions } {
  const network = findNetwork(name);
  const { inputSize = network.inputSize, classes = network.classes, gamma, fusion, width } = options;
  const size: Pair = typeof inputSize === "number" ? [inputSize, inputSize] : inputSize;
  const extents = [["input height", size[0]], ["input width", size[1]], ["classes", classes]] as const;
  for (const [what, value] of extents) {
    if (!Number.isInteger(value) || value < 1 || value > MAX_SIZE) {
      throw new OptionError(`${what} must be a whole number from 1 to ${MAX_SIZE}, not ${value}`);
    }
  }
  checkVariants(name, network, { gamma, fusion, width });
  return { network, chosen: { inputSize: size, classes, gamma, fusion, width } };
}

/** The published evaluation looks at the middle of a photo, at the published size; at others it is taken whole. */
function cropOf({ crop, inputSize }: Network, size: Pair): Partial<Preprocessing> {
  if (crop === undefined || size[0] !== inputSize[0] || size[1] !== inputSize[1]) return {};
  return { fit: "crop", cropFrom: Math.floor(Math.min(...size) / crop) };
}

function checkVariants(name: string, { variants = [] }: Network, chosen: Variants): void {
  for (const variant of ["gamma", "fusion", "width"] as const) {
    if (chosen[variant] !== undefined && !variants.includes(variant)) {
      const others = variant === "width" ? "MobileNets" : "cross stage partial networks";
      throw new OptionError(`${name} has no ${variant} to choose; ${others} do`);
    }
  }
  const { gamma = 0.5, fusion = "full", width = 1 } = chosen;
  if (!(width > 0 && width <= 4)) throw new OptionError(`width must be above 0 and at most 4, not ${width}`);
  if (!(gamma > 0 && gamma < 1)) throw new OptionError(`gamma must be between 0 and 1, not ${gamma}`);
  if (!["first", "last", "full"].includes(fusion)) {
    throw new OptionError(`fusion must be first, last or full, not ${JSON.stringify(fusion)}`);
  }
}

/** Trained values and multiply-adds of a network, convolutions and fully connected layers counted. */
export function sizeOf(
  name: string,
  options: Omit<BuildOptions, "weights"> = {},
): { parameters: number; macs: number } {
  const { network, chosen } = choose(name, options);
  const net = new NetworkBuilder(undefined, true);
  network.build(net, net.input(chosen.inputSize), chosen);
  return { parameters: net.parameters, macs: net.macs };
}

export type { Value, Weights };
