/**
 * Convolutions that make pixels of what lies in memory as something else while they copy its rows: what `unpacked_conv2d` and `planar_conv2d` have in common.
 *
 * @module
 */

import { GraphError } from "../errors.ts";
import { emitImplicitGemm, fitsImplicitGemm, type Source } from "../kernels/implicit_gemm.ts";
import { formatShape, type Shape } from "../tensor.ts";
import { kernelOf } from "./activation.ts";
import { conv2d, type Conv2dAttrs, windowOf } from "./conv2d.ts";
import type { Lowering } from "./op.ts";

/**
 * The output's shape; `inputs` begin with the shape of the pixels, `[n, h, w, 3]`.
 *
 * @throws {GraphError} If the attributes or shapes are not legal, or no rows are copied.
 */
export function inferCopiedRows(attrs: Conv2dAttrs, inputs: readonly Shape[], where: string): Shape {
  const output = conv2d.infer(attrs, inputs, where);
  if (attrs.groups !== 1 || !fitsImplicitGemm(windowOf(attrs, inputs[1]))) {
    throw new GraphError(
      `Cannot run ${where}: weight is ${formatShape(inputs[1])}, ${
        JSON.stringify({ dilations: attrs.dilations, groups: attrs.groups })
      }, wanted one group and no dilation along x`,
    );
  }
  return output;
}

/** Writes the command of operator `op`. */
export function lowerCopiedRows<Attrs extends Conv2dAttrs>(
  { attrs, input, constant, inputs, output, emitter }: Lowering<Attrs>,
  op: string,
  source: Source,
  how: string,
): void {
  const [weight, bias] = [1, 2].map((index) => {
    const tensor = constant(index);
    if (!tensor && index < inputs) {
      throw new GraphError(`Cannot compile ${op}: input ${index} is computed, wanted a constant`);
    }
    return tensor!;
  });
  const [kh, kw, channels, n] = weight.shape;
  emitImplicitGemm(
    input(0),
    windowOf(attrs, weight.shape),
    [{ data: weight.data, columns: n, column: 0, k: kh * kw * channels, n, bias: bias?.data }],
    output,
    {
      residual: inputs > 3 ? input(3) : undefined,
      limits: attrs.limits,
      activation: kernelOf(attrs.activation),
    },
    `${kh}x${kw} over ${how} as rows are copied`,
    emitter,
    source,
  );
}
