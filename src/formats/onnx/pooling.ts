/**
 * Pooling of feature maps, by windows and over the whole plane.
 *
 * @module
 */

import { ceilPadding, type Padding } from "../../geometry.ts";
import { type Call, fail, mapOf, numberOf } from "./call.ts";
import { type Computed, NHWC, type Value } from "./value.ts";
import { LOWEST, paddingOf, pairOf, withBorder } from "./window.ts";

/** MaxPool and AveragePool. */
export function pool(kind: "max" | "average"): (call: Call) => Value {
  return (call) => {
    const { to, name } = call;
    const x = mapOf(call);
    const kernel = pairOf(call, "kernel_shape"), strides = pairOf(call, "strides");
    if (pairOf(call, "dilations").some((d) => d !== 1)) fail(call, "its window is dilated", "dilations of 1");
    const told = paddingOf(call, x.shape, kernel, strides, [1, 1]);
    const ceil = numberOf(call, "ceil_mode", 0) !== 0;
    const padded: Padding = ceil
      ? [
        told[0],
        told[1],
        ceilPadding(x.shape[2], kernel[0], strides[0], told[0], told[2]),
        ceilPadding(x.shape[3], kernel[1], strides[1], told[1], told[3]),
      ]
      : told;
    if (kind === "max") {
      const [input, padding] = withBorder(call, x, padded, LOWEST);
      const { name: output, shape: [n, h, w, c] } = to.emit("max_pool", name, { kernel, strides, padding }, [
        input,
      ]);
      return { kind: "computed", name: output, shape: [n, c, h, w], order: NHWC };
    }
    const counted = numberOf(call, "count_include_pad", 0) !== 0 && told.some((p) => p > 0);
    const extended = padded.some((p, side) => p !== told[side]);
    if (!counted || !extended) {
      return to.emitMap("avg_pool", name, { kernel, strides, padding: padded, countPadding: counted }, x);
    }
    // The padding that the file tells counts, the room that ceil mode adds does not.
    const border = to.emitMap("pad", `${name}:padded`, {
      before: [0, told[0], told[1], 0],
      after: [0, told[2], told[3], 0],
      value: 0,
    }, x);
    const room: Padding = [0, 0, padded[2] - told[2], padded[3] - told[3]];
    return to.emitMap("avg_pool", name, { kernel, strides, padding: room, countPadding: false }, border);
  };
}

/** GlobalMaxPool and GlobalAveragePool. */
export function globalPool(kind: "max" | "average"): (call: Call) => Value {
  return (call) => poolPlane(call, mapOf(call), kind, [2, 3]);
}

/** Pools a map over its height (axis 2), width (axis 3) or both. */
export function poolPlane(
  call: Call,
  x: Computed,
  kind: "max" | "average",
  axes: readonly number[],
): Computed {
  const [h, w] = [2, 3].map((axis) => axes.includes(axis) ? x.shape[axis] : 1);
  const attrs = { kernel: [h, w], strides: [1, 1], padding: [0, 0, 0, 0] } as const;
  return kind === "max"
    ? call.to.emitMap("max_pool", call.name, attrs, x)
    : call.to.emitMap("avg_pool", call.name, { ...attrs, countPadding: false }, x);
}
