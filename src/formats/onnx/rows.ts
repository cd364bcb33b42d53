/**
 * One-dimensional windows: a row of vectors `[n, c, w]` is a map of height 1.
 *
 * @module
 */

import { elements } from "../../tensor.ts";
import type { Call, Handler } from "./call.ts";
import type { AttributeValue } from "./model.ts";
import type { Value } from "./value.ts";

/** What the attributes of a window hold for an axis of extent 1: before and after it, or once. */
const NEUTRAL: Readonly<Record<string, number>> = {
  dilations: 1,
  kernel_shape: 1,
  output_padding: 0,
  pads: 0,
  strides: 1,
};

/** An attribute with a height before each width. */
function widenAttribute(name: string, value: AttributeValue): AttributeValue {
  return Object.hasOwn(NEUTRAL, name) && Array.isArray(value)
    ? value.flatMap((width: number) => [NEUTRAL[name], width])
    : value;
}

/** A handler of maps, given rows as well. */
export function alsoOverRows(handler: (call: Call) => Value): Handler {
  return (call) => {
    if (call.inputs[0]?.shape.length !== 3) return handler(call);
    const { to, node } = call;
    const widen = (value: Value | undefined) => {
      if (value?.shape.length !== 3) return value;
      const [a, b, width] = value.shape;
      return to.reshape(value, [a, b, 1, width]);
    };
    const attributes = new Map(
      Array.from(node.attributes, ([name, value]) => [name, widenAttribute(name, value)]),
    );
    const y = handler({ ...call, node: { ...node, attributes }, inputs: call.inputs.map(widen) });
    const [n, c] = y.shape;
    return to.reshape(y, [n, c, elements(y.shape.slice(2))]);
  };
}
