/**
 * The detector as a serverless function: `deno serve --allow-read serve.ts`, then
 * `curl --data-binary @photo.jpg -H 'content-type: image/jpeg' http://localhost:8000/v1/detect`.
 *
 * @module
 */

import { Detector } from "./mod.ts";
import { DEFAULT_MODEL } from "./models/zoo.ts";
import { ensureModel } from "./src/cli/weights.ts";
import { createHandler, type Handler } from "./src/http/handler.ts";

/** Loads the model and runs it once, so that no request pays for that. */
async function load(): Promise<Detector> {
  const detector = await Detector.load(await ensureModel(DEFAULT_MODEL, { offline: true }));
  const [width, height] = detector.info.inputSize;
  await detector.detect({ data: new Uint8Array(width * height * 4), width, height });
  return detector;
}

/** What `deno serve` and hosts of its kind call. */
const server: { fetch: Handler } = { fetch: createHandler(load()) };
export default server;
