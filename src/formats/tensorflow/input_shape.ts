/**
 * Shapes of inputs whose extents a file leaves open.
 *
 * @module
 */

import { ModelError } from "../../errors.ts";
import type { Pair } from "../../geometry.ts";
import { MAX_ELEMENTS } from "../../ops/op.ts";
import { elements, formatShape, type Shape } from "../../tensor.ts";

/**
 * A shape `[n, h, w, c]`, or another, in which an extent that is no positive integer is open: one picture, of the height and width given.
 *
 * @throws {ModelError} If an extent stays open.
 */
export function fixShape(what: string, extents: readonly number[], inputSize: Pair | undefined): Shape {
  const shape = extents.map((extent, axis) => {
    const size = extents.length === 4 && (axis === 1 || axis === 2) ? inputSize?.[axis - 1] : undefined;
    return size ?? (axis === 0 && !(extent > 0) ? 1 : extent);
  });
  const fixed = shape.length > 0 && shape.every((n) => Number.isInteger(n) && n > 0);
  if (!fixed || elements(shape) > MAX_ELEMENTS) {
    const wanted = fixed
      ? `at most ${MAX_ELEMENTS} values`
      : "fixed extents; give an input size where height and width are open";
    throw new ModelError(`Cannot read ${what}: its shape is ${formatShape(extents)}, wanted ${wanted}`);
  }
  return shape;
}
