/**
 * Errors as the server answers them: a status and `{ error: { code, message } }`, never a stack.
 *
 * @module
 */

import { type ErrorCode, SimdetError } from "../errors.ts";

/** A request that is refused on purpose. */
export class HttpError extends Error {
  /** HTTP status. */
  readonly status: number;
  /** Machine-readable reason. */
  readonly code: string;
  /** Headers that the status calls for, such as `Allow` and `Retry-After`. */
  readonly headers: Record<string, string>;

  /** Makes an error with a status, a code and a one-line message. */
  constructor(status: number, code: string, message: string, headers: Record<string, string> = {}) {
    super(message);
    this.name = "HttpError";
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** Statuses of the errors that a client causes; all others are the server's own fault. */
const STATUS: Partial<Record<ErrorCode, number>> = {
  bad_option: 400,
  image_too_large: 413,
  unsupported_image: 415,
  bad_image: 422,
};

/** The answer to a request that failed. What the client did not cause is told to `onError` and to nobody else. */
export function errorResponse(error: unknown, onError: (error: unknown) => void): Response {
  if (error instanceof HttpError) {
    return reply(error.status, error.code, error.message, error.headers);
  }
  const status = error instanceof SimdetError ? STATUS[error.code] : undefined;
  if (error instanceof SimdetError && status !== undefined) return reply(status, error.code, error.message);
  onError(error);
  return reply(500, "internal", "The server failed on this request; its log says more");
}

function reply(status: number, code: string, message: string, headers?: Record<string, string>): Response {
  return Response.json({ error: { code, message } }, { status, headers });
}
