/**
 * Simdet beside its peers, as tables.
 *
 * @module
 */

import { type Comparisons, ratioTable } from "./comparison.ts";
import { type OnnxruntimeData, onnxruntimeTable } from "./onnxruntime.ts";

/** What is kept of a run; TensorFlow.js is left out where its model is not named. */
export interface PeersData {
  readonly tfjs?: Comparisons;
  readonly onnxruntime: OnnxruntimeData;
}

/** The ratios to each peer. */
export function peersTables({ tfjs, onnxruntime }: PeersData): string {
  return `${tfjs ? `${ratioTable(tfjs)}\n\n` : ""}${onnxruntimeTable(onnxruntime)}`;
}
