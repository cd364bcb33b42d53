/**
 * The query string of `/v1/detect`.
 *
 * @module
 */

import type { DetectOptions } from "../detection/types.ts";
import { OptionError } from "../errors.ts";
import type { Label } from "../graph/model_info.ts";
import { COUNT, FRACTION, parseChoice, parseClasses, parseNumber, suggestion } from "../options.ts";

/** What a request asks for. */
export interface Query extends DetectOptions {
  /** The kind of answer: boxes, or the photo with boxes drawn. */
  readonly format: "json" | "jpeg";
}

const PARAMETERS = ["conf", "iou", "max_det", "classes", "agnostic_nms", "format"];

/**
 * Reads the parameters; `labels` are the model's.
 *
 * @throws {OptionError} If a parameter is unknown, given twice or outside its range.
 */
export function parseQuery(params: URLSearchParams, labels: readonly (Label | null)[]): Query {
  for (const name of params.keys()) {
    if (!PARAMETERS.includes(name)) {
      const wanted = suggestion(name, PARAMETERS) || `; there are ${PARAMETERS.join(", ")}`;
      throw new OptionError(`Unknown parameter ${JSON.stringify(name)}${wanted}`);
    }
    if (params.getAll(name).length > 1) throw new OptionError(`${name} is given more than once`);
  }
  const value = <T>(name: string, parse: (text: string) => T): T | undefined => {
    const text = params.get(name);
    return text === null ? undefined : parse(text);
  };
  return {
    threshold: value("conf", (text) => parseNumber("conf", text, FRACTION)),
    iou: value("iou", (text) => parseNumber("iou", text, FRACTION)),
    maxDetections: value("max_det", (text) => parseNumber("max_det", text, COUNT)),
    classes: value("classes", (text) => parseClasses("classes", text, labels)),
    agnosticNms: value(
      "agnostic_nms",
      (text) => parseChoice("agnostic_nms", text, ["true", "false"]) === "true",
    ),
    format: value("format", (text) => parseChoice("format", text, ["json", "jpeg"])) ?? "json",
  };
}
