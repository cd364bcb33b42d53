/**
 * The passes, in order.
 *
 * @module
 */

import type { Graph } from "../../graph/graph.ts";
import { dropIdentity } from "./drop_identity.ts";
import { fuseExpand } from "./fuse_expand.ts";
import { foldBatchnorm } from "./fold_batchnorm.ts";
import { fuseActivation } from "./fuse_activation.ts";
import { fuseResidual } from "./fuse_residual.ts";
import type { Log, Pass } from "./pass.ts";

/** All passes, in the order in which they run: residual sums are fused before activations, which may stand behind them. */
export const passes: readonly Pass[] = [
  dropIdentity,
  foldBatchnorm,
  fuseResidual,
  fuseActivation,
  fuseExpand,
];

/** Runs all passes. */
export function optimize(graph: Graph, log: Log = () => {}): Graph {
  return passes.reduce((current, pass) => pass(current, log), graph);
}
