/**
 * All operators, one line each.
 *
 * @module
 */

import { add } from "./add.ts";
import { batchNorm } from "./batch_norm.ts";
import { clip } from "./clip.ts";
import { concat } from "./concat.ts";
import { conv2d } from "./conv2d.ts";
import { mul } from "./mul.ts";
import type { Op } from "./op.ts";
import { avgPool, maxPool } from "./pool.ts";
import { reshape } from "./reshape.ts";
import { sigmoid } from "./sigmoid.ts";
import { softmax } from "./softmax.ts";

/** Operators by the name they go by in graphs and files. */
export const ops = {
  conv2d,
  batch_norm: batchNorm,
  add,
  mul,
  clip,
  sigmoid,
  softmax,
  max_pool: maxPool,
  avg_pool: avgPool,
  concat,
  reshape,
};

/** Name of an operator. */
export type OpName = keyof typeof ops;

/** Attributes of the operator of a name. */
export type AttrsOf<Name extends OpName> = (typeof ops)[Name] extends Op<infer Attrs> ? Attrs : never;

/** The operator of a node whose type is not narrowed: its attributes have been checked by `infer`. */
export function opOf(name: OpName): Op<unknown> {
  return ops[name] as Op<unknown>;
}
