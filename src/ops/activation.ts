/**
 * The functions that a convolution may apply to its output: attributes of the operator that has them, put there by the pass `fuse_activation`.
 *
 * @module
 */

import { GraphError } from "../errors.ts";
import type { Activation as Kernel, Limits } from "../kernels/emitter.ts";
import type { AttrsOf } from "./attrs.ts";
import { hardSigmoid } from "./hard_sigmoid.ts";
import { hardSwish } from "./hard_swish.ts";
import { leakyRelu } from "./leaky_relu.ts";
import { mish } from "./mish.ts";
import { sigmoid } from "./sigmoid.ts";
import { silu } from "./silu.ts";
import { tanh } from "./tanh.ts";
import type { UnaryOp } from "./unary.ts";

/** Name of an operator that may be an activation. */
export type ActivationName =
  | "leaky_relu"
  | "sigmoid"
  | "silu"
  | "mish"
  | "hard_sigmoid"
  | "hard_swish"
  | "tanh";

const operators: { readonly [Name in ActivationName]: UnaryOp<AttrsOf<Name>> } = {
  leaky_relu: leakyRelu,
  sigmoid,
  silu,
  mish,
  hard_sigmoid: hardSigmoid,
  hard_swish: hardSwish,
  tanh,
};

/** A function of every value of an output: the operator that it is, with its attributes. */
export type Activation = {
  readonly [Name in ActivationName]: { readonly op: Name; readonly attrs: AttrsOf<Name> };
}[ActivationName];

/** Whether an operator may be an activation. */
export function isActivation(op: string): op is ActivationName {
  return Object.hasOwn(operators, op);
}

/** The operator of an activation whose type is not narrowed. */
function operatorOf({ op }: Activation): UnaryOp<unknown> {
  return operators[op] as UnaryOp<unknown>;
}

/**
 * Checks an activation.
 *
 * @throws {GraphError} If there is a clamp too, if its operator is none of those above, or its attributes are not legal.
 */
export function checkActivation(
  where: string,
  { limits, activation }: { readonly limits?: Limits; readonly activation?: Activation },
): void {
  if (activation === undefined) return;
  if (limits !== undefined) {
    throw new GraphError(`Cannot run ${where}: it has limits and an activation, wanted one of the two`);
  }
  if (!isActivation(activation.op)) {
    throw new GraphError(
      `Cannot run ${where}: activation is ${JSON.stringify(activation)}, wanted one of ${
        Object.keys(operators).join(", ")
      }`,
    );
  }
  operatorOf(activation).infer(activation.attrs, [[1]], where);
}

/** Applies an activation to one value. */
export function activate(value: number, activation: Activation | undefined): number {
  return activation ? operatorOf(activation).f(value, activation.attrs) : value;
}

/** What kernels are told of an activation. */
export function kernelOf(activation: Activation | undefined): Kernel | undefined {
  if (!activation) return undefined;
  const { kernel, parameters } = operatorOf(activation);
  return { ...kernel, parameters: parameters(activation.attrs) };
}
