/**
 * The detector as a serverless function: `deno serve --allow-read serve.ts`, then
 * `curl --data-binary @photo.jpg -H 'content-type: image/jpeg' http://localhost:8000/v1/detect`.
 *
 * @module
 */

import { DEFAULT_MODEL } from "./models/zoo.ts";
import { Detector, SimdetError } from "./runtime.ts";
import { withProgram } from "./src/cli/programs.ts";
import { createHandler, type Handler } from "./src/http/handler.ts";

/** Loads the model and runs it once, so that no request pays for that. */
async function load(): Promise<Detector> {
  const detector = await withProgram(
    DEFAULT_MODEL,
    { offline: true },
    (program) => Detector.load(program),
  );
  const [width, height] = detector.info.inputSize;
  await detector.detect({ data: new Uint8Array(width * height * 4), width, height });
  return detector;
}

/** What is wrong with the machine fits on a line; anything else is a fault of ours, and its stack tells where. */
function onError(error: unknown): void {
  console.error(error instanceof SimdetError ? error.message : error);
}

/** What `deno serve` and hosts of its kind call. */
const server: { fetch: Handler } = { fetch: createHandler(load(), { onError }) };
export default server;
