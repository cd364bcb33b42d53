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

import * as toolchain from "./src/full_toolchain.ts";
import { provideToolchain } from "./src/runtime/toolchain.ts";

provideToolchain(() => Promise.resolve(toolchain));

export * from "./runtime.ts";
export { readModel, readStateDict } from "./src/detection/read_model.ts";
export type { ReadOptions } from "./src/formats/fetch.ts";
export type { StateDict } from "./src/formats/state_dict.ts";
export { type WriteOptions, writeSafetensors } from "./src/formats/safetensors.ts";
export { buildModel, type BuildOptions, type Weights } from "./models/build.ts";
export { listModels, type ModelListing } from "./models/list.ts";
export type { Accuracy, Fusion, Variants } from "./models/network.ts";
export type { WeightSource } from "./models/layers.ts";
export { GraphBuilder } from "./src/graph/builder.ts";
export { dump } from "./src/graph/dump.ts";
export { withRgbaInput } from "./src/graph/rgba_input.ts";
export { compileModel, type CompileOptions } from "./src/runtime/compile_model.ts";
