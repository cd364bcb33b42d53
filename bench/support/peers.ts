/**
 * Simdet beside its peers, as tables.
 *
 * @module
 */

import { type Comparisons, ratioTable } from "./comparison.ts";
import { type OnnxruntimeData, onnxruntimeTable } from "./onnxruntime.ts";

/** What is kept of a run; a part is left out where only networks of the other are named. */
export interface PeersData {
  readonly tfjs?: Comparisons;
  readonly onnxruntime?: OnnxruntimeData;
}

/** The ratios to each peer. */
export function peersTables({ tfjs, onnxruntime }: PeersData): string {
  return [tfjs && ratioTable(tfjs), onnxruntime && onnxruntimeTable(onnxruntime)]
    .filter((table) => table !== undefined).join("\n\n");
}
