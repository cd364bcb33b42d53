/**
 * Inputs for networks whose speed, not whose answer, is of interest.
 *
 * @module
 */

import type { Port } from "../../src/graph/graph.ts";
import { elements, type Tensor } from "../../src/tensor.ts";

/** A tensor for each port, values even between -1 and 1, the same in every process. */
export function noise(ports: readonly Port[]): Record<string, Tensor> {
  let state = 1;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
  return Object.fromEntries(
    ports.map((
      { name, shape },
    ) => [name, { shape, data: Float32Array.from({ length: elements(shape) }, next) }]),
  );
}
