/**
 * What `Detector` and `Classifier` share: finding a model, and taking photos in.
 *
 * @module
 */

import { DEFAULT_MODEL, findModel, weightsUrl } from "../../models/zoo.ts";
import {
  type ByteSource,
  bytesSource,
  type CompiledModel,
  decodeProgram,
  isCompiled,
} from "../compiler/program_file.ts";
import { ImageError, ModelError } from "../errors.ts";
import type { Progress } from "../formats/fetch.ts";
import type { Graph } from "../graph/graph.ts";
import type { ModelInfo, Preprocessing } from "../graph/model_info.ts";
import { Session, type SessionOptions } from "../runtime/session.ts";
import { toolchain } from "../runtime/toolchain.ts";
import type { Tensor } from "../tensor.ts";
import { decodeImage } from "../vision/decode.ts";
import { type ImageInput, MAX_PIXELS, type RawImage } from "../vision/image.ts";
import { resizeImage, resizesToBytes, resizeToPlanes } from "../vision/resize.ts";

/** How to load a model. */
export interface LoadOptions extends SessionOptions {
  /** Called as the model file arrives. */
  readonly onProgress?: (progress: Progress) => void;
  /** Ends the loading. */
  readonly signal?: AbortSignal;
}

/** A model to be compiled: a name of the zoo whose weights are cached, a URL, the bytes of a model file, or a graph. */
export type GraphSource = string | URL | Uint8Array | Graph;

/** Any model: as above, or a compiled program, as bytes, read on demand, or decoded. */
export type ModelSource = GraphSource | ByteSource | CompiledModel;

/**
 * Reads a model.
 *
 * @throws {ModelError} If there is no such model, it is not cached, or it is broken.
 */
export async function loadGraph(
  model: GraphSource = DEFAULT_MODEL,
  options: LoadOptions = {},
): Promise<Graph> {
  if (isGraph(model)) return model;
  const { readModel } = await toolchain();
  if (typeof model !== "string" || /^[a-z][a-z0-9+.-]+:/i.test(model)) return await readModel(model, options);
  const url = weightsUrl(findModel(model).name);
  try {
    return await readModel(url, options);
  } catch (cause) {
    if (options.signal?.aborted) throw cause;
    throw new ModelError(
      `Cannot load model "${model}": ${
        cause instanceof Error ? cause.message : cause
      }; run "deno task pull ${model}" once, or pass the bytes of the file`,
      "bad_model",
      { cause },
    );
  }
}

/** A model that is ready to run. */
export interface LoadedModel {
  readonly info: ModelInfo;
  /** Constants that postprocessing reads. */
  readonly constants: ReadonlyMap<string, Tensor>;
  readonly session: Session;
}

/**
 * Reads a model and starts its session; a compiled one is not compiled again.
 *
 * @throws {ModelError} If there is no such model, it is not cached, or it is broken.
 * @throws {HostError} If the host has no WASM SIMD, or not the memory.
 */
export async function loadModel(model: ModelSource | undefined, options: LoadOptions): Promise<LoadedModel> {
  const compiled = await compiledOf(model);
  if (compiled) {
    return {
      info: compiled.info,
      constants: compiled.tensors,
      session: await Session.load(compiled, options),
    };
  }
  const graph = await takingBytes(await loadGraph(model as GraphSource | undefined, options));
  return { info: graph.info, constants: graph.constants, session: await Session.create(graph, options) };
}

/** The graph as it takes photos best: as bytes, where those of any size become whole ones. */
export async function takingBytes(graph: Graph): Promise<Graph> {
  const { preprocessing } = graph.info;
  if (!preprocessing || !resizesToBytes(preprocessing)) return graph;
  const { withRgbaInput } = await toolchain();
  return withRgbaInput(graph);
}

/** The program of a model that is compiled. */
async function compiledOf(model: ModelSource | undefined): Promise<CompiledModel | undefined> {
  if (typeof model !== "object") return undefined;
  if (model instanceof Uint8Array) {
    return isCompiled(model) ? await decodeProgram(bytesSource(model)) : undefined;
  }
  if ("program" in model) return model;
  return "read" in model ? await decodeProgram(model) : undefined;
}

function isGraph(model: GraphSource): model is Graph {
  return typeof model === "object" && "nodes" in model;
}

/** Pixels of any accepted photo, and the milliseconds that decoding took. */
export async function takeImage(input: ImageInput): Promise<{ image: RawImage; decode: number }> {
  if (isRaw(input)) return { image: checkRaw(input), decode: 0 };
  const bytes = await bytesOf(input);
  const start = performance.now();
  const image = await decodeImage(bytes);
  return { image, decode: performance.now() - start };
}

/** Encoded bytes of what is not pixels. */
async function bytesOf(input: Exclude<ImageInput, RawImage | ImageData>): Promise<Uint8Array> {
  if (input instanceof Uint8Array) return input;
  if (input instanceof ArrayBuffer) return new Uint8Array(input);
  if (typeof input?.arrayBuffer === "function") return new Uint8Array(await input.arrayBuffer());
  throw new ImageError(
    `Cannot use image: it is ${
      kindOf(input)
    }, wanted bytes, a Blob, a Response, ImageData, or { data, width, height, channels }`,
  );
}

/** What a value is, for messages about values of a wrong kind. */
function kindOf(value: unknown): string {
  return typeof value === "object" && value !== null
    ? value.constructor?.name ?? "object"
    : `${value}`.slice(0, 100);
}

function isRaw(input: ImageInput): input is RawImage | ImageData {
  return typeof input === "object" && input !== null && "data" in input && "width" in input &&
    "height" in input;
}

/**
 * Checks that pixels are what they are said to be.
 *
 * @throws {ImageError} If they are not.
 */
export function checkRaw(image: RawImage | ImageData): RawImage {
  const { width, height, data } = image;
  const channels = "channels" in image && image.channels ? image.channels : 4;
  const extent = (n: number) => Number.isInteger(n) && n > 0;
  if (!extent(width) || !extent(height) || (channels !== 3 && channels !== 4)) {
    throw new ImageError(
      `Cannot use image: it is ${width}x${height} with ${channels} channels, wanted 3 or 4`,
    );
  }
  if (width * height > MAX_PIXELS) {
    throw new ImageError(
      `Cannot use image: ${width}x${height} is more than ${MAX_PIXELS} pixels`,
      "image_too_large",
    );
  }
  if (!(data instanceof Uint8Array || data instanceof Uint8ClampedArray)) {
    throw new ImageError(
      `Cannot use image: its data is ${kindOf(data)}, wanted a Uint8Array or Uint8ClampedArray`,
    );
  }
  if (data.length !== width * height * channels) {
    throw new ImageError(
      `Cannot use image: ${width}x${height}x${channels} wants ${
        width * height * channels
      } bytes, data holds ${data.length}`,
    );
  }
  return { data, width, height, channels };
}

/**
 * Puts a photo into a session's input; gives the milliseconds it took.
 *
 * @throws {ImageError} If the input takes bytes, and the photo does not become whole ones.
 */
export function feed(image: RawImage, spec: Preprocessing, session: Session): number {
  const start = performance.now();
  const { offset, rgba, nchw } = session.port(spec.input);
  if (nchw) resizeToPlanes(image, spec, session, offset);
  else resizeImage(image, spec, session, offset, rgba);
  return performance.now() - start;
}

/** Runs a session; gives the milliseconds it took. */
export function infer(session: Session): number {
  const start = performance.now();
  session.execute();
  return performance.now() - start;
}

/** The values of a dense output where they lie; valid until the next run. */
export function outputOf(session: Session, name: string): Float32Array {
  const { offset, shape } = session.port(name);
  return new Float32Array(session.memory.buffer, offset, shape.reduce((a, b) => a * b, 1));
}
