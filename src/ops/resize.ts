/**
 * Resize of feature maps, nearest or bilinear.
 *
 * @module
 */

import { GraphError } from "../errors.ts";
import { emitResize, type Source } from "../kernels/resize.ts";
import { elements } from "../tensor.ts";
import { checkInputs, checkIntegers, checkNhwc, type Op } from "./op.ts";

/** How an output index maps to a source position (ONNX, operator Resize, `coordinate_transformation_mode`). */
export type Coordinates = "half_pixel" | "pytorch_half_pixel" | "asymmetric" | "align_corners";

/** How a nearest position is rounded (ONNX, `nearest_mode`). */
export type Rounding = "floor" | "ceil" | "round_prefer_floor" | "round_prefer_ceil";

/** Attributes of `resize`. */
export interface ResizeAttrs {
  /** Output height and width. */
  readonly size: readonly [height: number, width: number];
  /** What fills the gaps. */
  readonly mode: "nearest" | "linear";
  /** Where an output pixel lies in the input. */
  readonly coordinates: Coordinates;
  /** Of mode nearest; `floor` when left out. */
  readonly rounding?: Rounding;
  /** Output extent over input extent along y and x, where the file tells it; the quotient of the sizes when left out. */
  readonly scales?: readonly [y: number, x: number];
}

const coordinates: Readonly<
  Record<Coordinates, (i: number, input: number, output: number, scale: number) => number>
> = {
  half_pixel: (i, _input, _output, scale) => (i + 0.5) / scale - 0.5,
  pytorch_half_pixel: (i, _input, output, scale) => output > 1 ? (i + 0.5) / scale - 0.5 : 0,
  asymmetric: (i, _input, _output, scale) => i / scale,
  align_corners: (i, input, output) => output > 1 ? i * (input - 1) / (output - 1) : 0,
};

const roundings: Readonly<Record<Rounding, (x: number) => number>> = {
  floor: Math.floor,
  ceil: Math.ceil,
  round_prefer_floor: (x) => Math.ceil(x - 0.5),
  round_prefer_ceil: (x) => Math.floor(x + 0.5),
};

/** Where each output index along one axis comes from. */
function sources(attrs: ResizeAttrs, axis: 0 | 1, input: number): Source[] {
  const output = attrs.size[axis];
  const scale = attrs.scales?.[axis] ?? output / input;
  const inside = (i: number) => Math.min(Math.max(i, 0), input - 1);
  return Array.from({ length: output }, (_, i) => {
    const position = coordinates[attrs.coordinates](i, input, output, scale);
    if (attrs.mode === "nearest") {
      const at = inside(roundings[attrs.rounding ?? "floor"](position));
      return { low: at, high: at, weight: 0 };
    }
    const clamped = Math.min(Math.max(position, 0), input - 1);
    const low = Math.floor(clamped);
    return { low, high: inside(low + 1), weight: clamped - low };
  });
}

/** Input: x `[n, h, w, c]`. Output: `[n, height, width, c]`. */
export const resize: Op<ResizeAttrs> = {
  infer(attrs, inputs, where) {
    checkInputs(where, inputs, 1);
    checkNhwc(where, inputs[0]);
    checkIntegers(where, "size", attrs.size, 2, 1);
    const known = ["nearest", "linear"].includes(attrs.mode) &&
      Object.hasOwn(coordinates, attrs.coordinates) &&
      Object.hasOwn(roundings, attrs.rounding ?? "floor") &&
      (attrs.scales ?? [1]).every((scale) => scale > 0);
    if (!known) {
      throw new GraphError(`Cannot run ${where}: attributes ${JSON.stringify(attrs)} are not known`);
    }
    const [n, , , c] = inputs[0];
    return [n, ...attrs.size, c];
  },

  reference(attrs, [x], output) {
    const [, h, w, channels] = x.shape;
    const rows = sources(attrs, 0, h), columns = sources(attrs, 1, w);
    const y = new Float32Array(elements(output));
    let at = 0;
    for (let n = 0; n < output[0]; n++) {
      for (const row of rows) {
        for (const column of columns) {
          for (let c = 0; c < channels; c++) {
            const value = (iy: number, ix: number) => x.data[((n * h + iy) * w + ix) * channels + c];
            const across = (iy: number) =>
              value(iy, column.low) * (1 - column.weight) + value(iy, column.high) * column.weight;
            y[at++] = across(row.low) * (1 - row.weight) + across(row.high) * row.weight;
          }
        }
      }
    }
    return y;
  },

  lower({ attrs, input, output, emitter }) {
    const x = input(0);
    emitResize(
      x,
      sources(attrs, 0, x.shape[1]),
      sources(attrs, 1, x.shape[2]),
      output,
      `${attrs.mode}, ${attrs.coordinates}`,
      emitter,
    );
  },
};
