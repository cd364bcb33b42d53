/**
 * Reads Caffe networks: a `.prototxt` and its `.caffemodel` (BVLC/caffe; weiliu89/caffe, branch ssd, for the layers of detectors).
 *
 * @module
 */

import { ModelError } from "../errors.ts";
import type { Pair } from "../geometry.ts";
import { checkInfo } from "../graph/check_info.ts";
import type { Graph } from "../graph/graph.ts";
import type { ModelInfo, Postprocessing, Preprocessing } from "../graph/model_info.ts";
import { elements } from "../tensor.ts";
import { MAX_LAYERS, readCaffemodel } from "./caffe/caffemodel.ts";
import { layerReaders, SKIPPED } from "./caffe/layers.ts";
import type { Message } from "./caffe/message.ts";
import { parsePrototxt } from "./caffe/text.ts";
import { type Blob, Translator } from "./caffe/translator.ts";

export { isPrototxt } from "./caffe/text.ts";

/** What the reader cannot know from the files. */
export interface CaffeOptions {
  /** What the model is called, its labels, its preprocessing; wins over what the files say. */
  readonly info: ModelInfo;
  /** Input height and width in place of the prototxt's. */
  readonly inputSize?: Pair;
}

/** Types of layers in files from before 2014, where they are no plain capitals of today's. */
const OLD_TYPES: Readonly<Record<string, string>> = {
  RELU: "ReLU",
  TANH: "TanH",
  LRN: "LRN",
  HDF5_DATA: "HDF5Data",
  SOFTMAX_LOSS: "SoftmaxWithLoss",
};

/** The type of a layer: `"Convolution"`, or `CONVOLUTION` of old. */
function typeOf(layer: Message): string {
  const type = layer.word("type");
  if (!/^[A-Z0-9]+(_[A-Z0-9]+)*$/.test(type) || type === "LRN") return type;
  return Object.hasOwn(OLD_TYPES, type)
    ? OLD_TYPES[type]
    : type.toLowerCase().replace(/(?:^|_)([a-z0-9])/g, (_, first: string) => first.toUpperCase());
}

/** Whether a layer takes part when the network is used, not trained. */
function isUsed(layer: Message): boolean {
  const phases = (rules: string) => layer.messages(rules).map((rule) => rule.word("phase"));
  const included = phases("include"), excluded = phases("exclude");
  if (included.length > 0) return included.some((phase) => phase !== "TRAIN" && phase !== "0");
  return !excluded.some((phase) => phase === "TEST" || phase === "1");
}

/** The extents that a network's own fields tell: `input_shape { dim: … }`, or four `input_dim`. */
function inputShape(net: Message): number[] {
  const shapes = net.messages("input_shape");
  return shapes.length > 0 ? shapes[0].integers("dim", 1) : net.integers("input_dim", 1);
}

/** The extents that an `Input` layer, or the data layer of a training file, tells. */
function layerShape(layer: Message): number[] {
  const shape = layer.message("input_param").message("shape").integers("dim", 1);
  if (shape.length > 0) return shape;
  const transform = layer.message("transform_param"), crop = transform.integer("crop_size", 0);
  const resized = transform.message("resize_param");
  const height = resized.integer("height", crop), width = resized.integer("width", crop);
  return height > 0 && width > 0 ? [1, 3, height, width] : [];
}

/** Preprocessing as Caffe's `transform_param` tells it: BGR as OpenCV resizes, (x - mean) * scale. */
function preprocessingOf(transform: Message, { name, shape }: Blob): Preprocessing {
  const mean = transform.numbers("mean_value"), scale = transform.number("scale", 1);
  if (![0, 1, 3].includes(mean.length)) {
    transform.fail(`mean_value is there ${mean.length} times`, "none, one or three");
  }
  const offset = (channel: number) => 0 - (mean[mean.length === 3 ? channel : 0] ?? 0) * scale;
  return {
    input: name,
    height: shape[2],
    width: shape[3],
    resize: "opencv",
    channels: "bgr",
    scale: [scale, scale, scale],
    offset: [offset(0), offset(1), offset(2)],
  };
}

/** How the scores of a classifier become results. */
function postprocessingOf(outputs: readonly Blob[]): Postprocessing | undefined {
  const [scores, ...more] = outputs;
  if (!scores || more.length > 0 || elements(scores.shape) !== scores.shape[1]) return undefined;
  return { kind: "softmax", scores: scores.name, logits: scores.activation !== "softmax" };
}

/**
 * Reads a network. It takes `[1, c, h, w]`; its outputs are the blobs that no layer takes. Where it ends in a DetectionOutput, they are the raw boxes and
 * scores that this layer takes, and again as `[1, priors, 4]` and `[1, priors, classes]`.
 *
 * @throws {ModelError} If a layer is unknown or broken, or the weights are not those of the network.
 * @throws {GraphError} If layers do not fit together.
 */
export function readCaffe(prototxt: string, weights: Uint8Array, { info, inputSize }: CaffeOptions): Graph {
  const net = parsePrototxt(prototxt);
  const layers = [...net.messages("layers"), ...net.messages("layer")];
  if (layers.length > MAX_LAYERS) {
    throw new ModelError(
      `Cannot read prototxt: it has ${layers.length} layers, wanted at most ${MAX_LAYERS}`,
    );
  }
  const translator = new Translator(readCaffemodel(weights));
  let transform = net.message("transform_param");
  let input: Blob | undefined;
  const begin = (name: string, shape: readonly number[], where: Message) => {
    if (shape.length !== 4) {
      where.fail(
        `input ${JSON.stringify(name)} has extents ${JSON.stringify(shape)}`,
        "batch, channels, height and width; a deploy.prototxt tells them",
      );
    }
    if (input) where.fail(`${JSON.stringify(name)} is another input`, `one, ${JSON.stringify(input.name)}`);
    const [height, width] = inputSize ?? [shape[2], shape[3]];
    input = translator.input(name, [1, shape[1], height, width]);
  };
  for (const name of net.words("input")) begin(name, inputShape(net), net);
  for (const layer of layers) {
    const type = typeOf(layer), name = layer.word("name");
    layer.where = `layer ${JSON.stringify(name)} of type ${JSON.stringify(type)}`;
    if (!isUsed(layer) || SKIPPED.has(type)) continue;
    if (type === "Input" || (/Data$/.test(type) && !input)) {
      begin(layer.words("top")[0] ?? name, layerShape(layer), layer);
      if (layer.has("transform_param")) transform = layer.message("transform_param");
      continue;
    }
    if (!Object.hasOwn(layerReaders, type)) {
      layer.fail("the layer is not supported", Object.keys(layerReaders).join(", "));
    }
    translator.read(layer, layerReaders[type]);
  }
  if (!input) throw new ModelError("Cannot read prototxt: it has no input, wanted one of a deploy.prototxt");
  const outputs = translator.outputs();
  const told = transform.has("mean_value") || transform.has("scale");
  const { name, shape } = input;
  const classifies = translator.detection === undefined;
  const graph = translator.finish({
    ...(told && shape[1] === 3 && { preprocessing: preprocessingOf(transform, { name, shape, map: true }) }),
    postprocessing: classifies ? postprocessingOf(outputs) : translator.detection,
    ...info,
  }, outputs);
  checkInfo(graph);
  return graph;
}
