/**
 * The passes, in order.
 *
 * @module
 */

import type { Graph } from "../../graph/graph.ts";
import { dropIdentity } from "./drop_identity.ts";
import { foldBatchnorm } from "./fold_batchnorm.ts";
import { fuseActivation } from "./fuse_activation.ts";
import { fuseExpand } from "./fuse_expand.ts";
import { fusePreactivation } from "./fuse_preactivation.ts";
import { fuseResidual } from "./fuse_residual.ts";
import { fuseSlice } from "./fuse_slice.ts";
import { fuseUnpack } from "./fuse_unpack.ts";
import type { Log, Pass } from "./pass.ts";
import { planarInputs } from "./planar_inputs.ts";

/** Residual sums are fused before activations, which may stand behind them. */
const layerPasses: readonly Pass[] = [dropIdentity, foldBatchnorm, fuseResidual, fuseActivation];

/** These join layers. */
const jointPasses: readonly Pass[] = [planarInputs, fuseExpand, fusePreactivation, fuseUnpack, fuseSlice];

/** Joins what belongs to one layer: convolutions keep nodes of their own. */
export function optimizeLayers(graph: Graph, log: Log = () => {}): Graph {
  return layerPasses.reduce((current, pass) => pass(current, log), graph);
}

/** Runs all passes. */
export function optimize(graph: Graph, log: Log = () => {}): Graph {
  return jointPasses.reduce((current, pass) => pass(current, log), optimizeLayers(graph, log));
}
