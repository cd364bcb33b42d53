/**
 * TensorFlow's operators in terms of ours.
 *
 * @module
 */

import { arithmetic } from "./arithmetic.ts";
import { type Call, fail, type Handler, type Result } from "./call.ts";
import { shapes } from "./shapes.ts";
import { windows } from "./windows.ts";

/** Handlers by operator name. */
const handlers: Readonly<Record<string, Handler>> = { ...windows, ...arithmetic, ...shapes };

/**
 * Translates one node.
 *
 * @throws {ModelError} If its operator or attributes are not supported.
 * @throws {GraphError} If its shapes do not fit.
 */
export function translate(call: Call): Result {
  const { op } = call.node;
  const handler = Object.hasOwn(handlers, op) ? handlers[op] : undefined;
  return handler
    ? handler(call)
    : fail(call, "the operator is not supported", `one of ${Object.keys(handlers).join(", ")}`);
}
