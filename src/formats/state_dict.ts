/**
 * Weights without a network: tensors by the names their framework gave them.
 *
 * @module
 */

import type { Graph } from "../graph/graph.ts";
import type { Tensor } from "../tensor.ts";

/** Tensors by key, in the order of the file, in the framework's own shapes. */
export type StateDict = ReadonlyMap<string, Tensor>;

/** Whether a file held weights alone. */
export function isStateDict(file: Graph | StateDict): file is StateDict {
  return file instanceof Map;
}

/** What wrappers put before every key: `DataParallel`, `torch.compile`. */
const WRAPPERS = ["module.", "_orig_mod."];

/** Keys without the prefixes that wrapper modules put before all of them. */
export function stripWrappers<Value>(entries: ReadonlyMap<string, Value>): Map<string, Value> {
  let stripped = new Map(entries);
  for (;;) {
    const wrapper = WRAPPERS.find((prefix) => [...stripped.keys()].every((key) => key.startsWith(prefix)));
    if (wrapper === undefined || stripped.size === 0) return stripped;
    stripped = new Map([...stripped].map(([key, value]) => [key.slice(wrapper.length), value]));
  }
}
