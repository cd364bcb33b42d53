/**
 * Values broadcast to one another, as numpy does: by the channels of our operators where that suffices, else repeated.
 *
 * @module
 */

import { ModelError } from "../../errors.ts";
import { channelsOf, elements, formatShape, sameShape, type Shape } from "../../tensor.ts";
import { broadcast } from "./literal.ts";
import type { Translator } from "./translator.ts";
import { commonOrder, innerShape, known, type Value } from "./value.ts";

/** Element-wise operators of two tensors. */
export type BinaryOp = "add" | "sub" | "mul" | "div" | "maximum";

const COMMUTATIVE: readonly BinaryOp[] = ["add", "mul", "maximum"];

/** The value broadcast to a shape that it fits. */
export function broadcastTo(to: Translator, value: Value, shape: Shape): Value {
  if (sameShape(value.shape, shape)) return value;
  if (value.kind === "known") return known(to.fold.expand(value.literal, shape));
  const lifted = to.reshapeComputed(value, [
    ...Array(shape.length - value.shape.length).fill(1),
    ...value.shape,
  ]);
  const inner = lifted.order.map((axis) => shape[axis]);
  return { ...lifted, shape, name: spread(to, lifted.name, inner) };
}

/**
 * An element-wise operator of two values, at least one of them computed, broadcast to one another.
 *
 * @throws {ModelError} If their shapes do not fit.
 */
export function binary(to: Translator, op: BinaryOp, name: string, a: Value, b: Value): Value {
  const shape = broadcast(a.shape, b.shape);
  if (!shape) {
    throw new ModelError(
      `Cannot read ONNX: operands of "${name}" are ${formatShape(a.shape)} and ${
        formatShape(b.shape)
      }, which do not fit one another`,
    );
  }
  const order = commonOrder([a, b], shape);
  const inner = order.map((axis) => shape[axis]);
  const full = (value: Value) => value.kind === "computed" && elements(value.shape) === elements(inner);
  if (COMMUTATIVE.includes(op) && !full(a) && (full(b) || a.kind === "known")) [a, b] = [b, a];
  const left = operand(to, a, name, order, shape, false);
  const right = operand(to, b, name, order, shape, true);
  return { kind: "computed", name: to.emit(op, name, {}, [left, right]).name, shape, order };
}

/** The name of an operand's tensor: of the result's shape, or as the second operand one vector of its channels. */
function operand(
  to: Translator,
  value: Value,
  name: string,
  order: readonly number[],
  shape: Shape,
  vector: boolean,
): string {
  const inner = order.map((axis) => shape[axis]);
  const channels = channelsOf(inner);
  const lead = Array(shape.length - value.shape.length).fill(1);
  if (value.kind === "known") {
    const { literal } = value;
    const lifted = { ...literal, shape: [...lead, ...literal.shape] };
    const size = elements(value.shape);
    if (vector && size === 1) {
      const [only] = literal.data;
      return to.constant(
        literal,
        name,
        `x${channels}`,
        () => to.fold.fill("float32", [channels], only),
      );
    }
    const last = order[order.length - 1];
    if (vector && size === channels && lifted.shape[last] === channels) {
      return to.vector(literal, name, "vector");
    }
    const narrow = to.constant(
      literal,
      name,
      `axes_${order.join("")}`,
      () => to.fold.transpose(lifted, order),
    );
    return spread(to, narrow, inner);
  }
  const lifted = to.arrange(to.reshapeComputed(value, [...lead, ...value.shape]), order);
  const found = innerShape(lifted);
  if (vector && elements(found) === channels && channelsOf(found) === channels) return lifted.name;
  return spread(to, lifted.name, inner);
}

/** A tensor of ours repeated along its axes of extent 1 to a wider shape of as many axes. */
function spread(to: Translator, name: string, shape: Shape): string {
  let current = name;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const now = to.shapeOf(current);
    if (now[axis] === shape[axis]) continue;
    const outer = elements(now.slice(0, axis)), inner = elements(now.slice(axis + 1)), times = shape[axis];
    const wide = now.map((n, i) => i === axis ? times : n);
    if (inner === 1) {
      const ones = to.fold.fill("float32", [1, 1, 1, times], 1);
      const weight = to.constant(ones, name, "ones", () => ones);
      const column = to.emit("reshape", `${name}:column`, { shape: [outer, 1, 1, 1] }, [current]);
      current = to.pixelwise(column.name, `${name}:repeated`, weight);
    } else {
      const row = to.emit("reshape", `${name}:row`, { shape: [outer, 1, 1, inner] }, [current]);
      const attrs = { size: [times, 1], mode: "nearest", coordinates: "asymmetric" } as const;
      current = to.emit("resize", `${name}:repeated`, attrs, [row.name]).name;
    }
    current = to.emit("reshape", `${name}:spread`, { shape: wide }, [current]).name;
  }
  return current;
}
