/**
 * The errors that bad input earns. Every one names the thing, the value found and the value wanted;
 * callers dispatch on the class or on `code`, never on the text.
 *
 * @module
 */

/** What went wrong, for callers that map errors to exit codes or HTTP statuses. */
export type ErrorCode =
  | "bad_image"
  | "unsupported_image"
  | "image_too_large"
  | "bad_model"
  | "unknown_model"
  | "bad_graph"
  | "bad_option"
  | "unsupported_host";

/** Base of every error that Simdet raises on purpose. */
export class SimdetError extends Error {
  /** Machine-readable reason. */
  readonly code: ErrorCode;

  /** Makes an error with a reason and a one-line message. */
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.name = new.target.name;
  }
}

/** A picture that is broken, of an unsupported kind, or over the limits. */
export class ImageError extends SimdetError {
  /** Makes an image error; `code` defaults to `"bad_image"`. */
  constructor(
    message: string,
    code: "bad_image" | "unsupported_image" | "image_too_large" = "bad_image",
    options?: ErrorOptions,
  ) {
    super(code, message, options);
  }
}

/** A model file that is broken, lies about itself, or uses what no reader knows. */
export class ModelError extends SimdetError {
  /** Makes a model error; `code` defaults to `"bad_model"`. */
  constructor(message: string, code: "bad_model" | "unknown_model" = "bad_model", options?: ErrorOptions) {
    super(code, message, options);
  }
}

/** A graph that is not legal: shapes that do not fit, names that do not exist. */
export class GraphError extends SimdetError {
  /** Makes a graph error. */
  constructor(message: string, options?: ErrorOptions) {
    super("bad_graph", message, options);
  }
}

/** An option or argument outside its range. */
export class OptionError extends SimdetError {
  /** Makes an option error. */
  constructor(message: string, options?: ErrorOptions) {
    super("bad_option", message, options);
  }
}

/** A host that lacks what the engine cannot do without (WASM SIMD). */
export class HostError extends SimdetError {
  /** Makes a host error. */
  constructor(message: string, options?: ErrorOptions) {
    super("unsupported_host", message, options);
  }
}
