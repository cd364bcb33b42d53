/**
 * Inputs for networks whose speed, not whose answer, is of interest.
 *
 * @module
 */

import type { Port } from "../../src/graph/graph.ts";
import { elements, type Tensor } from "../../src/tensor.ts";

/** Values after which they repeat: a prime, so that neither channels nor rows are alike. Cold starts would else spend their time here. */
const PERIOD = 4093;

/** A tensor for each port, values even between -1 and 1, the same in every process. */
export function noise(ports: readonly Port[]): Record<string, Tensor> {
  let state = 1;
  return Object.fromEntries(
    ports.map(({ name, shape }) => {
      const data = new Float32Array(elements(shape));
      for (let i = 0; i < data.length && i < PERIOD; i++) {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        data[i] = state / 2 ** 31 - 1;
      }
      for (let filled = PERIOD; filled < data.length; filled *= 2) data.copyWithin(filled, 0, filled);
      return [name, { shape, data }];
    }),
  );
}
