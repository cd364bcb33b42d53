/**
 * Photos in, boxes out.
 *
 * @module
 */

import { COCO_LABELS } from "../../models/coco.ts";
import { ModelError, OptionError } from "../errors.ts";
import type { DetectorPostprocessing, Label, Preprocessing } from "../graph/model_info.ts";
import type { Simd } from "../runtime/kernels.ts";
import type { Session } from "../runtime/session.ts";
import type { ImageInput, RawImage } from "../vision/image.ts";
import { placeBoxes } from "../vision/placement.ts";
import { createDecoder, type Decoder } from "./decoders.ts";
import { type IndexedLabel, indexLabels, selectClasses } from "./labels.ts";
import {
  checkRaw,
  feed,
  infer,
  type LoadedModel,
  loadModel,
  type LoadOptions,
  type ModelSource,
  takeImage,
} from "./load.ts";
import { newest } from "./newest.ts";
import { nms } from "./nms.ts";
import type { Box, DetectOptions, DetectResult, StreamOptions } from "./types.ts";

/** What a detector is and runs on. */
export interface DetectorInfo {
  /** Name of the model. */
  readonly model: string;
  /** Width and height of the network's input. */
  readonly inputSize: readonly [width: number, height: number];
  /** Classes, by class id. */
  readonly labels: readonly Label[];
  /** Threads of the session. */
  readonly threads: number;
  /** Instructions that the kernels use. */
  readonly simd: Simd;
  /** Precision of weights and activations. */
  readonly precision: "fp32";
}

/**
 * An object detector.
 *
 * ```ts
 * import { Detector } from "./mod.ts";
 *
 * export async function dogs(photo: Uint8Array): Promise<number> {
 *   using detector = await Detector.load();
 *   const { detections } = await detector.detect(photo, { classes: ["dog"] });
 *   return detections.length;
 * }
 * ```
 */
export class Detector implements Disposable, AsyncDisposable {
  /** What the detector is and runs on. */
  readonly info: DetectorInfo;
  /** The session that runs the network, for profiles and raw outputs. */
  readonly session: Session;
  readonly #preprocessing: Preprocessing;
  readonly #postprocessing: DetectorPostprocessing;
  readonly #decoder: Decoder;
  readonly #labels: readonly (IndexedLabel | undefined)[];

  private constructor({ info, constants, session }: LoadedModel) {
    const { name, preprocessing, postprocessing, labels } = info;
    if (!preprocessing || !postprocessing || postprocessing.kind === "softmax") {
      throw new ModelError(
        `Cannot detect with model "${name}": ${
          preprocessing
            ? `its postprocessing is ${postprocessing?.kind ?? "not known"}`
            : "its preprocessing is not known (a preset can tell it)"
        }, wanted a detector's`,
      );
    }
    this.#decoder = createDecoder(postprocessing, info, constants, session);
    const { classes } = this.#decoder;
    this.#labels = indexLabels(labels ?? (classes === COCO_LABELS.length ? COCO_LABELS : undefined), classes);
    this.#preprocessing = preprocessing;
    this.#postprocessing = postprocessing;
    this.session = session;
    this.info = {
      model: name,
      inputSize: [preprocessing.width, preprocessing.height],
      labels: this.#labels.filter((label) => label !== undefined),
      threads: session.info.threads,
      simd: session.info.simd,
      precision: session.info.precision,
    };
  }

  /**
   * Loads a model; the default one if none is named.
   *
   * @throws {ModelError} If there is no such model, it is not cached, it is broken, or it is no detector.
   * @throws {HostError} If the host has no WASM SIMD.
   */
  static async load(model?: ModelSource, options: LoadOptions = {}): Promise<Detector> {
    return new Detector(await loadModel(model, options));
  }

  /**
   * Finds objects in a photo: JPEG, PNG or WebP bytes, a `Blob`, a `Response`, or pixels.
   *
   * @throws {ImageError} If the photo is broken, of an unsupported kind, or too large.
   * @throws {OptionError} If an option is out of range, or a class does not exist.
   */
  async detect(input: ImageInput, options: DetectOptions = {}): Promise<DetectResult> {
    options.signal?.throwIfAborted();
    const { image, decode } = await takeImage(input);
    const result = this.detectSync(image, options);
    return { ...result, speed: { ...result.speed, decode } };
  }

  /**
   * Finds objects in pixels, at once.
   *
   * @throws {ImageError} If there are not as many pixels as it says.
   * @throws {OptionError} If an option is out of range, or a class does not exist.
   */
  detectSync(image: RawImage, options: DetectOptions = {}): DetectResult {
    options.signal?.throwIfAborted();
    checkRaw(image);
    const post = this.#postprocessing;
    const threshold = fraction("threshold", options.threshold ?? post.threshold);
    const overlap = fraction("iou", options.iou ?? post.iou);
    const most = options.maxDetections ?? post.maxDetections;
    if (!Number.isInteger(most) || most < 1) {
      throw new OptionError(`maxDetections must be a whole number of at least 1, not ${most}`);
    }
    const classes = options.classes && selectClasses(options.classes, this.#labels);
    const excluded = selectClasses(options.exclude ?? [], this.#labels);

    const preprocess = feed(image, this.#preprocessing, this.session);
    const inference = infer(this.session);
    const start = performance.now();
    const candidates = this.#decoder.decode(threshold, (column) => {
      const label = this.#labels[column];
      return label !== undefined && !excluded.has(label.classId) && (!classes || classes.has(label.classId));
    });
    const kept = nms(candidates, overlap, options.agnosticNms ?? false, this.session);
    const detections = kept.slice(0, most).map(({ label: column, score, box }) => {
      const { name, classId, categoryId } = this.#labels[column]!;
      return { label: name, classId, categoryId, score, box: toPixels(box, image, this.#preprocessing) };
    });
    return {
      width: image.width,
      height: image.height,
      model: this.info.model,
      detections,
      truncated: kept.length - detections.length,
      speed: { decode: 0, preprocess, inference, postprocess: performance.now() - start },
    };
  }

  /**
   * Looks at one frame after the other, as they come from a camera or a video.
   *
   * @throws {ImageError} If a frame is broken; the stream ends with it.
   * @throws {OptionError} If an option is out of range, or a class does not exist.
   */
  async *stream(
    frames: AsyncIterable<ImageInput>,
    options: StreamOptions = {},
  ): AsyncGenerator<DetectResult> {
    const { drop = "none", ...rest } = options;
    for await (const frame of drop === "oldest" ? newest(frames) : frames) {
      yield await this.detect(frame, rest);
    }
  }

  /** Lets the memory go. The detector cannot be used afterwards. */
  dispose(): void {
    this.session.dispose();
  }

  /** As `dispose`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  /** As `dispose`. */
  [Symbol.asyncDispose](): Promise<void> {
    this.dispose();
    return Promise.resolve();
  }
}

function fraction(name: string, value: number): number {
  if (!(value >= 0 && value <= 1)) {
    throw new OptionError(`${name} must be a number from 0 to 1, not ${value}`);
  }
  return value;
}

/** Corners as fractions of the input to a rectangle in pixels of the photo, clamped to it. */
function toPixels(
  [xmin, ymin, xmax, ymax]: readonly number[],
  { width, height }: RawImage,
  spec: Preprocessing,
): Box {
  const place = placeBoxes(width, height, spec);
  const back = (value: number, input: number, start: number, covered: number, size: number) =>
    Math.min(Math.max((value * input - start) / covered * size, 0), size);
  const x = back(xmin, spec.width, place.x, place.width, width),
    y = back(ymin, spec.height, place.y, place.height, height);
  return {
    x,
    y,
    width: back(xmax, spec.width, place.x, place.width, width) - x,
    height: back(ymax, spec.height, place.y, place.height, height) - y,
  };
}
