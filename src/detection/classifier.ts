/**
 * Photos in, classes out.
 *
 * @module
 */

import { ModelError, OptionError } from "../errors.ts";
import type { Label, Preprocessing, SoftmaxPostprocessing } from "../graph/model_info.ts";
import type { Session } from "../runtime/session.ts";
import type { ImageInput } from "../vision/image.ts";
import { type IndexedLabel, indexLabels } from "./labels.ts";
import {
  feed,
  infer,
  type LoadedModel,
  loadModel,
  type LoadOptions,
  type ModelSource,
  outputOf,
  takeImage,
} from "./load.ts";
import type { Speed } from "./types.ts";

/** One class with its probability. */
export interface Classification {
  /** Name of the class. */
  readonly label: string;
  /** Index among the model's labels. */
  readonly classId: number;
  /** The data set's own number of the class. */
  readonly categoryId: number;
  /** Probability, 0 to 1. */
  readonly score: number;
}

/** What a classifier says of one photo. */
export interface ClassifyResult {
  /** Width of the upright photo in pixels. */
  readonly width: number;
  /** Height of the upright photo in pixels. */
  readonly height: number;
  /** Name of the model that looked. */
  readonly model: string;
  /** The likeliest classes, best first. */
  readonly classes: readonly Classification[];
  /** Where the time went. */
  readonly speed: Speed;
}

/** An image classifier: a network that ends in class probabilities. */
export class Classifier implements Disposable {
  /** Classes, by class id. */
  readonly labels: readonly Label[];
  /** Name of the model. */
  readonly model: string;
  /** The session that runs the network. */
  readonly session: Session;
  readonly #preprocessing: Preprocessing;
  readonly #postprocessing: SoftmaxPostprocessing;
  readonly #labels: readonly (IndexedLabel | undefined)[];

  private constructor({ info, session }: LoadedModel) {
    const { name, preprocessing, postprocessing, labels } = info;
    if (!preprocessing || postprocessing?.kind !== "softmax") {
      throw new ModelError(
        `Cannot classify with model "${name}": ${
          preprocessing
            ? `its postprocessing is ${postprocessing?.kind ?? "not known"}`
            : "its preprocessing is not known (a preset can tell it)"
        }, wanted a classifier's`,
      );
    }
    this.#labels = indexLabels(labels, session.port(postprocessing.scores).shape.at(-1) ?? 0);
    this.#preprocessing = preprocessing;
    this.#postprocessing = postprocessing;
    this.labels = this.#labels.filter((label) => label !== undefined);
    this.model = name;
    this.session = session;
  }

  /**
   * Loads a model.
   *
   * @throws {ModelError} If there is no such model, it is not cached, it is broken, or it is no classifier.
   * @throws {HostError} If the host has no WASM SIMD.
   */
  static async load(model: ModelSource, options: LoadOptions = {}): Promise<Classifier> {
    return new Classifier(await loadModel(model, options));
  }

  /**
   * Names the likeliest `topK` classes of a photo.
   *
   * @throws {ImageError} If the photo is broken, of an unsupported kind, or too large.
   * @throws {OptionError} If `topK` is not a positive integer.
   */
  async classify(input: ImageInput, { topK = 5 }: { topK?: number } = {}): Promise<ClassifyResult> {
    if (!Number.isInteger(topK) || topK < 1) {
      throw new OptionError(`topK must be a whole number of at least 1, not ${topK}`);
    }
    const { image, decode } = await takeImage(input);
    const preprocess = feed(image, this.#preprocessing, this.session);
    const inference = infer(this.session);
    const start = performance.now();
    const raw = outputOf(this.session, this.#postprocessing.scores);
    const scores = this.#postprocessing.logits ? softmax(raw) : raw;
    const classes = this.#labels
      .flatMap((label, column) => label ? [{ ...label, score: scores[column] }] : [])
      .toSorted((a, b) => b.score - a.score)
      .slice(0, topK)
      .map(({ name, classId, categoryId, score }) => ({ label: name, classId, categoryId, score }));
    return {
      width: image.width,
      height: image.height,
      model: this.model,
      classes,
      speed: { decode, preprocess, inference, postprocess: performance.now() - start },
    };
  }

  /** Lets the memory go. The classifier cannot be used afterwards. */
  dispose(): void {
    this.session.dispose();
  }

  /** As `dispose`. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** e^x over the sum of all. */
function softmax(logits: Float32Array): Float32Array {
  const peak = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const powers = logits.map((x) => Math.exp(x - peak));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((x) => x / sum);
}
