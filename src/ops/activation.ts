/**
 * The functions that a convolution may apply to its output: attributes of the operator that has them, put there by the pass `fuse_activation`.
 *
 * @module
 */

import { GraphError } from "../errors.ts";
import type { Activation as Kernel, Limits } from "../kernels/emitter.ts";
import { hardSigmoid, type HardSigmoidAttrs } from "./hard_sigmoid.ts";
import { hardSwish } from "./hard_swish.ts";
import { leakyRelu, type LeakyReluAttrs } from "./leaky_relu.ts";
import { mish } from "./mish.ts";
import { sigmoid } from "./sigmoid.ts";
import { silu } from "./silu.ts";
import { tanh } from "./tanh.ts";
import type { NoAttrs, UnaryOp } from "./unary.ts";

/** Attributes of the operators that may be activations. */
export interface ActivationAttrs {
  /** The identity, times a slope below 0. */
  readonly leaky_relu: LeakyReluAttrs;
  /** 1 / (1 + e^-x). */
  readonly sigmoid: NoAttrs;
  /** The product of x and sigmoid(x). */
  readonly silu: NoAttrs;
  /** The product of x and tanh(ln(1 + e^x)). */
  readonly mish: NoAttrs;
  /** A line between 0 and 1. */
  readonly hard_sigmoid: HardSigmoidAttrs;
  /** The product of x and hard_sigmoid(x). */
  readonly hard_swish: NoAttrs;
  /** The hyperbolic tangent. */
  readonly tanh: NoAttrs;
}

/** Name of an operator that may be an activation. */
export type ActivationName = keyof ActivationAttrs;

const operators: { readonly [Name in ActivationName]: UnaryOp<ActivationAttrs[Name]> } = {
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
  readonly [Name in ActivationName]: { readonly op: Name; readonly attrs: ActivationAttrs[Name] };
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
