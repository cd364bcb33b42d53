/**
 * The photo in a request: the raw body, or a field of a multipart form, never more of it than the limit.
 *
 * @module
 */

import { concatenate } from "../concatenate.ts";
import { HttpError } from "./http_error.ts";

/** Form fields that may hold the photo. */
const FIELDS = ["image", "file"];

/** How much of a body is read, and for how long. */
export interface BodyLimits {
  /** Most bytes. */
  readonly maxBytes: number;
  /** Most milliseconds until the last byte. */
  readonly timeout: number;
}

/**
 * Reads the encoded photo of a request.
 *
 * @throws {HttpError} 400 for a broken form or a body that breaks off, 408 for a body that does not end in time, 413 over the limit, 415 for a
 * body that is no picture.
 */
export async function readPhoto(request: Request, limits: BodyLimits): Promise<Uint8Array> {
  const type = request.headers.get("content-type") ?? "";
  const kind = type.split(";")[0].trim().toLowerCase();
  const encoding = request.headers.get("content-encoding") ?? "identity";
  if (encoding !== "identity") {
    throw new HttpError(
      415,
      "unsupported_encoding",
      `Send the photo without Content-Encoding, not as ${encoding}`,
    );
  }
  if (kind === "multipart/form-data") return await photoOfForm(await readBody(request, limits), type);
  if (kind.startsWith("image/") || kind === "application/octet-stream") {
    return await readBody(request, limits);
  }
  throw new HttpError(
    415,
    "unsupported_type",
    `Content-Type must be image/*, application/octet-stream or multipart/form-data, not ${kind || "empty"}`,
  );
}

async function readBody(
  request: Request,
  { maxBytes, timeout }: BodyLimits,
): Promise<Uint8Array<ArrayBuffer>> {
  const tooLarge = () =>
    new HttpError(413, "body_too_large", `The body is over the limit of ${maxBytes} bytes`);
  if (Number(request.headers.get("content-length")) > maxBytes) throw tooLarge();
  if (!request.body) return new Uint8Array();
  const reader = request.body.getReader();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    reader.cancel().catch(() => {}); // ends the pending read
  }, timeout);
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      length += part.value.length;
      if (length > maxBytes) throw tooLarge();
      chunks.push(part.value);
    }
  } catch (error) {
    if (error instanceof HttpError) throw error;
    throw new HttpError(400, "bad_body", "The body broke off before its end");
  } finally {
    clearTimeout(timer);
    reader.cancel().catch(() => {});
  }
  if (late) throw new HttpError(408, "body_timeout", `The body did not end within ${timeout / 1000} s`);
  return concatenate(chunks);
}

async function photoOfForm(body: Uint8Array<ArrayBuffer>, type: string): Promise<Uint8Array> {
  let form: FormData;
  try {
    form = await new Response(body, { headers: { "content-type": type } }).formData();
  } catch {
    throw new HttpError(400, "bad_form", "The multipart form cannot be parsed");
  }
  const file = FIELDS.map((name) => form.get(name)).find((value) => value instanceof File);
  if (file) return new Uint8Array(await file.arrayBuffer());
  throw new HttpError(
    400,
    "missing_photo",
    `The form needs the photo as a file in the field ${FIELDS.join(" or ")}`,
  );
}
