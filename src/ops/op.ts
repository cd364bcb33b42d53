/**
 * What an operator is: everything about it in one object, in one file. `index.ts` lists them.
 *
 * @module
 */

import { GraphError } from "../errors.ts";
import type { Emitter, View } from "../kernels/emitter.ts";
import { channelsOf, elements, formatShape, type Shape, type Tensor } from "../tensor.ts";

/** A node as its operator sees it when it becomes commands. */
export interface Lowering<Attrs> {
  readonly attrs: Attrs;
  /** Where each input lies; a constant is placed in constant memory when asked for. */
  input(index: number): View;
  /** The values of a constant input, `undefined` for any other or a missing one. */
  constant(index: number): Tensor | undefined;
  /** How many inputs there are. */
  readonly inputs: number;
  readonly output: View;
  readonly emitter: Emitter;
  /** Where the node can run in several ways: which one it is to be. */
  readonly choose: Choose;
}

/** Picks one of the ways in which a node can run, of which the first is the one that should be fastest. */
export type Choose = <Way>(ways: readonly Way[]) => Way;

/** Where a tensor lies inside another: `row` counts vectors of the last axis, `column` values of it. */
export interface Placement {
  readonly row: number;
  readonly column: number;
}

/** Inputs and output that may share memory, so that nothing needs to be copied. */
export type Aliasing =
  /** Input i is the part of the output that starts at `parts[i]`. */
  | { readonly kind: "inputs_in_output"; readonly parts: readonly Placement[] }
  /** The output is the part of the first input that starts at `part`. */
  | { readonly kind: "output_in_input"; readonly part: Placement }
  /** The output is the first input, seen as another shape. */
  | { readonly kind: "same_values" }
  /**
   * The output may overwrite the first input, of its own shape, so far behind what is read: its row y lies where the input's row `y - rows` does. Only where rows are computed
   * in their order, by one thread.
   */
  | { readonly kind: "output_behind_input"; readonly rows: number };

/** An operator of the graph. All tensors are dense NHWC in the graph; layout in memory is the compiler's business. */
export interface Op<Attrs> {
  /**
   * The output's shape. `where` names the node for errors.
   *
   * @throws {GraphError} If the attributes or shapes are not legal.
   */
  infer(attrs: Attrs, inputs: readonly Shape[], where: string): Shape;
  /** Multiply-adds of one run; 0 when left out. */
  macs?(attrs: Attrs, inputs: readonly Shape[], output: Shape): number;
  /** The operator in plain loops, the oracle of every kernel. Never optimised. */
  reference(attrs: Attrs, inputs: readonly Tensor[], output: Shape): Float32Array;
  /** Whether the attributes may hold `limits`, a clamp of the output that costs nothing. */
  readonly clamps?: boolean;
  /** Whether the attributes may hold `activation`, a function of the output that costs less than a node of its own. */
  readonly activates?: boolean;
  /** Whether the first input holds RGBA bytes of photos, a pixel in the place of a value; no other operator may read it. */
  readonly readsRgba?: boolean;
  /** Which memory may be shared; none when left out. */
  alias?(attrs: Attrs, inputs: readonly Shape[], output: Shape): Aliasing | undefined;
  /** Writes the commands. */
  lower(node: Lowering<Attrs>): void;
}

/** Most values a tensor may have: 1 GiB of f32. */
export const MAX_ELEMENTS = 2 ** 28;

/**
 * Checks that a list attribute holds `length` integers of at least `least`.
 *
 * @throws {GraphError} If it does not.
 */
export function checkIntegers(
  where: string,
  name: string,
  value: unknown,
  length: number,
  least: number,
): void {
  const list: unknown[] = Array.isArray(value) ? value : [];
  const legal = (v: unknown) => typeof v === "number" && Number.isInteger(v) && v >= least && v <= 2 ** 16;
  if (list.length !== length || !list.every(legal)) {
    throw new GraphError(
      `Cannot run ${where}: ${name} is ${
        JSON.stringify(value)
      }, wanted ${length} integers from ${least} to 65536`,
    );
  }
}

/**
 * Checks the number of inputs.
 *
 * @throws {GraphError} If it is not between `least` and `most`.
 */
export function checkInputs(where: string, inputs: readonly Shape[], least: number, most = least): void {
  if (inputs.length < least || inputs.length > most) {
    const wanted = least === most ? `${least}` : `${least} to ${most}`;
    throw new GraphError(`Cannot run ${where}: it has ${inputs.length} inputs, wanted ${wanted}`);
  }
}

/**
 * Checks that a shape is `[n, h, w, c]`.
 *
 * @throws {GraphError} If its rank is not 4.
 */
export function checkNhwc(where: string, shape: Shape): void {
  if (shape.length !== 4) {
    throw new GraphError(
      `Cannot run ${where}: input is ${formatShape(shape)}, wanted 4 axes (n, h, w, c)`,
    );
  }
}

/**
 * Checks the limits of a clamp.
 *
 * @throws {GraphError} If one is not a number, or the lower is above the upper.
 */
export function checkLimits(where: string, limits: { lo?: unknown; hi?: unknown } | undefined): void {
  if (limits === undefined) return;
  const { lo = -Infinity, hi = Infinity } = limits;
  if (typeof lo !== "number" || typeof hi !== "number" || !(lo <= hi)) {
    throw new GraphError(
      `Cannot run ${where}: limits are lo ${lo} and hi ${hi}, wanted two numbers with lo <= hi`,
    );
  }
}

/** Applies limits to one value. */
export function limit(value: number, limits: { lo?: number; hi?: number } | undefined): number {
  return Math.min(Math.max(value, limits?.lo ?? -Infinity), limits?.hi ?? Infinity);
}

/**
 * Checks that `b` can be the second operand of an element-wise operator: of a's shape, or one vector of a's channels.
 *
 * @throws {GraphError} If it cannot.
 */
export function checkOperands(where: string, a: Shape, b: Shape): void {
  const same = a.length === b.length && a.every((extent, axis) => extent === b[axis]);
  const vector = elements(b) === channelsOf(b) && channelsOf(b) === channelsOf(a);
  if (!same && !vector) {
    throw new GraphError(
      `Cannot run ${where}: second input is ${formatShape(b)}, wanted ${formatShape(a)} or ${channelsOf(a)}`,
    );
  }
}
