/**
 * The HTTP function: photos in, boxes out. Web-standard `Request` and `Response` only, so that every host of the shape
 * `export default { fetch }` runs it.
 *
 *     POST /v1/detect   the photo as the body or as a form's `image`; conf, iou, max_det, classes, agnostic_nms, format
 *     GET  /v1/models   what is loaded
 *     GET  /healthz     200 when the model is loaded, 503 before
 *
 * @module
 */

import type { Detector } from "../detection/detector.ts";
import { toJson } from "../detection/to_json.ts";
import type { DetectResult } from "../detection/types.ts";
import { decodeImage } from "../vision/decode.ts";
import { MAX_PIXELS, type RawImage } from "../vision/image.ts";
import { readPhoto } from "./body.ts";
import { errorResponse, HttpError } from "./http_error.ts";
import { parseQuery } from "./query.ts";
import { BoundedQueue } from "./queue.ts";

/** Limits of a handler; what is left out has the value named. */
export interface HandlerOptions {
  /** Most bytes of a request's body: 10,000,000. */
  readonly maxBytes?: number;
  /** Most pixels of a photo: 50,000,000. */
  readonly maxPixels?: number;
  /** Most requests at a time, the running one included; further ones are answered 503: 16. */
  readonly maxRequests?: number;
  /** Most milliseconds that a body may take to arrive: 30,000. */
  readonly bodyTimeout?: number;
  /** Receives the errors that clients are not told about; `console.error` by default. */
  readonly onError?: (error: unknown) => void;
}

/** Answers one request; never rejects. */
export type Handler = (request: Request) => Promise<Response>;

type Route = (request: Request, url: URL) => Promise<Response>;

/** Makes the request handler of a detector that may still be loading. Photos are looked at one at a time. */
export function createHandler(detector: Promise<Detector>, options: HandlerOptions = {}): Handler {
  const { maxBytes = 10_000_000, maxPixels = MAX_PIXELS, maxRequests = 16, bodyTimeout = 30_000 } = options;
  const { onError = console.error } = options;
  const queue = new BoundedQueue(maxRequests);
  let state: "loading" | "ok" | "failed" = "loading";
  detector.then(() => state = "ok", (error) => {
    state = "failed";
    onError(error);
  });

  async function loaded(): Promise<Detector> {
    try {
      return await detector;
    } catch {
      throw new HttpError(
        503,
        "model_unavailable",
        "The model could not be loaded; the server's log says why",
      );
    }
  }

  async function detect(request: Request, url: URL): Promise<Response> {
    if (!queue.enter()) {
      throw new HttpError(503, "busy", "Too many photos are waiting; try again soon", { "retry-after": "1" });
    }
    try {
      const model = await loaded();
      const { format, ...detectOptions } = parseQuery(url.searchParams, model.info.labels);
      const bytes = await readPhoto(request, { maxBytes, timeout: bodyTimeout });
      return await queue.run(async () => {
        request.signal.throwIfAborted();
        const start = performance.now();
        const image = await decodeImage(bytes, { maxPixels });
        const decode = performance.now() - start;
        const found = await model.detect(image, detectOptions);
        const result = { ...found, speed: { ...found.speed, decode } };
        return format === "jpeg" ? await pictureResponse(image, result) : jsonResponse(result);
      });
    } finally {
      queue.leave();
    }
  }

  async function models(): Promise<Response> {
    const { info } = await loaded();
    const labels = info.labels.map((label, classId) => ({ classId, ...label }));
    return Response.json({ models: [{ name: info.model, inputSize: info.inputSize, labels }] });
  }

  function health(): Promise<Response> {
    const headers = state === "ok" ? undefined : { "retry-after": "1" };
    return Promise.resolve(Response.json({ status: state }, { status: state === "ok" ? 200 : 503, headers }));
  }

  const routes: Record<string, { methods: readonly string[]; route: Route }> = {
    "/v1/detect": { methods: ["POST"], route: detect },
    "/v1/models": { methods: ["GET", "HEAD"], route: models },
    "/healthz": { methods: ["GET", "HEAD"], route: health },
  };

  return async (request) => {
    try {
      const url = new URL(request.url);
      const found = Object.hasOwn(routes, url.pathname) ? routes[url.pathname] : undefined;
      if (!found) {
        throw new HttpError(404, "not_found", `There is nothing here; try ${Object.keys(routes).join(", ")}`);
      }
      if (!found.methods.includes(request.method)) {
        const allow = found.methods.join(", ");
        throw new HttpError(
          405,
          "method_not_allowed",
          `${url.pathname} takes ${allow}, not ${request.method}`,
          {
            allow,
          },
        );
      }
      return await found.route(request, url);
    } catch (error) {
      if (request.signal.aborted) return new Response(null, { status: 499 }); // nobody is there to read it
      return errorResponse(error, onError);
    }
  };
}

function jsonResponse(result: DetectResult): Response {
  return Response.json(toJson(result), { headers: { "server-timing": serverTiming({ ...result.speed }) } });
}

async function pictureResponse(image: RawImage, result: DetectResult): Promise<Response> {
  const [{ annotate }, { encodeImage }] = await Promise.all([
    import("../vision/draw.ts"),
    import("../vision/encode.ts"),
  ]);
  const start = performance.now();
  const bytes = await encodeImage(annotate(image, result.detections), "jpeg");
  const timing = serverTiming({ ...result.speed, encode: performance.now() - start });
  return new Response(bytes as Uint8Array<ArrayBuffer>, {
    headers: { "content-type": "image/jpeg", "server-timing": timing },
  });
}

/** `decode;dur=4.1, inference;dur=25.3`: milliseconds, as browsers' developer tools show them. */
function serverTiming(stages: Readonly<Record<string, number>>): string {
  return Object.entries(stages).map(([name, ms]) => `${name};dur=${ms.toFixed(1)}`).join(", ");
}
