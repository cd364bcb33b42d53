/**
 * Resize and Upsample.
 *
 * @module
 */

import type { Pair } from "../../geometry.ts";
import type { Coordinates, ResizeAttrs } from "../../ops/resize.ts";
import {
  axisOf,
  type Call,
  fail,
  type Handler,
  listOf,
  literalOf,
  mapOf,
  numberOf,
  optionalLiteral,
  wordOf,
} from "./call.ts";
import type { Literal } from "./literal.ts";
import type { Computed, Value } from "./value.ts";

/** Coordinate rules of ours by their names in ONNX. */
const coordinateRules: Readonly<Record<string, Coordinates>> = {
  half_pixel: "half_pixel",
  pytorch_half_pixel: "pytorch_half_pixel",
  align_corners: "align_corners",
  asymmetric: "asymmetric",
};

/** Extents or factors of height and width, from a list of all four axes of which the others stay as they are. */
function spatialOf(call: Call, literal: Literal, what: "sizes" | "scales", x: Computed): Pair {
  const named = listOf(call, "axes")?.map((axis) => axisOf(call, axis, 4)) ?? [0, 1, 2, 3];
  const values = Array.from(literal.data);
  const stays = (axis: number) => what === "sizes" ? x.shape[axis] : 1;
  const all = [0, 1, 2, 3].map((axis) => named.includes(axis) ? values[named.indexOf(axis)] : stays(axis));
  if (values.length !== named.length || all[0] !== stays(0) || all[1] !== stays(1)) {
    fail(call, `${what} are ${values}`, "ones that change height and width only");
  }
  return [all[2], all[3]];
}

function emitResize(
  call: Call,
  x: Computed,
  attrs: Omit<ResizeAttrs, "size" | "scales">,
  sizes?: Literal,
  scales?: Literal,
): Value {
  const [, , h, w] = x.shape;
  if (sizes && sizes.data.length > 0) {
    const size = spatialOf(call, sizes, "sizes", x);
    return call.to.emitMap("resize", call.name, { ...attrs, size, scales: [size[0] / h, size[1] / w] }, x);
  }
  if (!scales || scales.data.length === 0) return fail(call, "sizes and scales are missing", "one of them");
  const factors = spatialOf(call, scales, "scales", x);
  const size = [Math.floor(h * factors[0]), Math.floor(w * factors[1])] as const;
  return call.to.emitMap("resize", call.name, { ...attrs, size, scales: factors }, x);
}

/** Resize. */
export const resize: Handler = (call) => {
  const { opset } = call;
  const x = mapOf(call);
  const mode = wordOf(call, "mode", ["nearest", "linear"], "nearest");
  if (opset < 11) {
    return emitResize(
      call,
      x,
      { mode, coordinates: "asymmetric", rounding: "floor" },
      undefined,
      literalOf(call, 1),
    );
  }
  wordOf(call, "keep_aspect_ratio_policy", ["stretch"], "stretch");
  if (numberOf(call, "antialias", 0) !== 0) {
    fail(call, "it filters while shrinking (antialias)", "antialias of 0");
  }
  const coordinates = coordinateRules[
    wordOf(call, "coordinate_transformation_mode", Object.keys(coordinateRules), "half_pixel")
  ];
  const rounding = wordOf(
    call,
    "nearest_mode",
    ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"],
    "round_prefer_floor",
  );
  return emitResize(
    call,
    x,
    { mode, coordinates, rounding },
    optionalLiteral(call, 3),
    optionalLiteral(call, 2),
  );
};

/** Upsample, of operator set 9. */
export const upsample: Handler = (call) => {
  const mode = wordOf(call, "mode", ["nearest", "linear"], "nearest");
  return emitResize(
    call,
    mapOf(call),
    { mode, coordinates: "asymmetric", rounding: "floor" },
    undefined,
    literalOf(call, 1),
  );
};
