/**
 * Object detection and image classification on plain CPUs: WASM SIMD kernels, nothing native. Web-standard APIs only.
 *
 * ```ts
 * import { Detector } from "./mod.ts";
 *
 * export async function look(photo: Response): Promise<void> {
 *   using detector = await Detector.load("ssdlite-mobilenetv2-coco");
 *   for (const { label, score, box } of (await detector.detect(photo)).detections) {
 *     console.log(label, score, box.x, box.y, box.width, box.height);
 *   }
 * }
 * ```
 *
 * @module
 */

export { Detector, type DetectorInfo } from "./src/detection/detector.ts";
export { type Classification, Classifier, type ClassifyResult } from "./src/detection/classifier.ts";
export type { GraphSource, LoadOptions, ModelSource } from "./src/detection/load.ts";
export type {
  Box,
  Detection,
  DetectOptions,
  DetectResult,
  Speed,
  StreamOptions,
} from "./src/detection/types.ts";
export { readModel, readStateDict } from "./src/detection/read_model.ts";
export type { Progress, ReadOptions } from "./src/formats/fetch.ts";
export type { StateDict } from "./src/formats/state_dict.ts";
export { type WriteOptions, writeSafetensors } from "./src/formats/safetensors.ts";
export { buildModel, type BuildOptions, type Weights } from "./models/build.ts";
export { listModels, type ModelListing } from "./models/list.ts";
export type { Accuracy, Fusion, Variants } from "./models/network.ts";
export type { WeightSource } from "./models/layers.ts";
export { GraphBuilder } from "./src/graph/builder.ts";
export { dump } from "./src/graph/dump.ts";
export { withRgbaInput } from "./src/graph/rgba_input.ts";
export type { AnyNode, Graph, Node, Port } from "./src/graph/graph.ts";
export type {
  DetectorPostprocessing,
  Label,
  ModelInfo,
  Postprocessing,
  Preprocessing,
  SoftmaxPostprocessing,
  SsdPostprocessing,
  YoloHead,
  YoloPostprocessing,
  YoloxPostprocessing,
} from "./src/graph/model_info.ts";
export type * from "./src/ops/attrs.ts";
export type { Padding, Pair } from "./src/geometry.ts";
export type { CommandRange, MemoryPort, MemorySizes, Program, Step } from "./src/compiler/memory_map.ts";
export type { Arch } from "./src/kernels/emitter.ts";
export {
  type ByteSource,
  type CompiledModel,
  decodeProgram,
  type Target,
} from "./src/compiler/program_file.ts";
export { compileModel, type CompileOptions } from "./src/runtime/compile_model.ts";
export { type Build, kernelModule, type Kernels, type Simd } from "./src/runtime/kernels.ts";
export { type CopySpeed, formatProfile, type LayerProfile, type Peaks } from "./src/runtime/profile.ts";
export { Session, type SessionInfo, type SessionInput, type SessionOptions } from "./src/runtime/session.ts";
export type { RgbaTensor, Shape, Tensor } from "./src/tensor.ts";
export {
  type ErrorCode,
  GraphError,
  HostError,
  ImageError,
  ModelError,
  OptionError,
  SimdetError,
} from "./src/errors.ts";
export type { ImageInput, RawImage } from "./src/vision/image.ts";
