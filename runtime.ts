/**
 * The part of {@link "./mod.ts"} that runs compiled programs: detectors, classifiers and sessions without the readers of files, the compiler and the networks. It loads
 * faster, and bundles to less. Other models are refused until `mod.ts` is imported, too.
 *
 * ```ts
 * import { Detector } from "./runtime.ts";
 *
 * export async function look(program: Uint8Array, photo: Uint8Array): Promise<void> {
 *   using detector = await Detector.load(program);
 *   console.log((await detector.detect(photo)).detections);
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
export type { Progress } from "./src/formats/fetch.ts";
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
