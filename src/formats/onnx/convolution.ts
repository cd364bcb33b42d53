/**
 * Conv and ConvTranspose, in two dimensions.
 *
 * @module
 */

import { type Padding, type Pair, span } from "../../geometry.ts";
import { formatShape } from "../../tensor.ts";
import { type Call, fail, listOf, literalOf, mapOf, numberOf, optionalLiteral, wordOf } from "./call.ts";
import { NHWC, type Value } from "./value.ts";
import { paddingOf, pairOf, withBorder } from "./window.ts";

/** Conv. */
export function conv(call: Call): Value {
  const { to, name } = call;
  const x = mapOf(call);
  const weight = literalOf(call, 1);
  if (weight.shape.length !== 4) {
    fail(
      call,
      `weight is ${formatShape(weight.shape)}`,
      "4 axes: only two-dimensional convolutions are known",
    );
  }
  const kernel: Pair = [weight.shape[2], weight.shape[3]];
  const strides = pairOf(call, "strides"), dilations = pairOf(call, "dilations");
  const [input, padding] = withBorder(call, x, paddingOf(call, x.shape, kernel, strides, dilations), 0);
  const bias = optionalLiteral(call, 2);
  const { name: output, shape: [n, h, w, c] } = to.emit(
    "conv2d",
    name,
    { strides, padding, dilations, groups: numberOf(call, "group", 1) },
    [
      input,
      to.constant(weight, name, "weight", () => to.fold.transpose(weight, [2, 3, 1, 0])),
      ...(bias ? [to.vector(bias, name, "bias")] : []),
    ],
  );
  return { kind: "computed", name: output, shape: [n, c, h, w], order: NHWC };
}

/** A tensor of ours with `stride - 1` zeros behind every entry of the axis between `outer` and `inner` values. */
function spaced(
  call: Call,
  name: string,
  outer: number,
  inner: number,
  stride: number,
  axis: string,
): string {
  if (stride === 1) return name;
  const { to } = call;
  const apart = to.emit("reshape", `${call.name}:${axis}`, { shape: [outer, 1, inner] }, [name]);
  const attrs = { before: [0, 0, 0], after: [0, stride - 1, 0], value: 0 };
  return to.emit("pad", `${call.name}:${axis}_zeros`, attrs, [apart.name]).name;
}

/** ConvTranspose: a convolution with the kernel turned, over a map with zeros between its pixels. */
export function convTranspose(call: Call): Value {
  const { to, name } = call;
  const x = mapOf(call), [n, c, h, w] = x.shape;
  const weight = literalOf(call, 1), bias = optionalLiteral(call, 2);
  const groups = numberOf(call, "group", 1);
  if (weight.shape.length !== 4 || weight.shape[0] !== c || !(groups >= 1) || c % groups !== 0) {
    fail(
      call,
      `weight is ${formatShape(weight.shape)}, input ${formatShape(x.shape)}`,
      "c, o / groups, kh, kw",
    );
  }
  wordOf(call, "auto_pad", ["NOTSET"], "NOTSET");
  if (listOf(call, "output_shape")) fail(call, "output_shape is given", "pads");
  const [, outputs, kh, kw] = weight.shape;
  const strides = pairOf(call, "strides"), dilations = pairOf(call, "dilations");
  const extra = listOf(call, "output_padding") ?? [0, 0];
  const told = paddingOf(call, x.shape, [kh, kw], strides, dilations);
  const reach = [span(kh, dilations[0]) - 1, span(kw, dilations[1]) - 1];
  // The zeros behind the last row and column are padding already.
  const padding: Padding = [
    reach[0] - told[0],
    reach[1] - told[1],
    reach[0] - told[2] + extra[0] - (strides[0] - 1),
    reach[1] - told[3] + extra[1] - (strides[1] - 1),
  ];
  const rows = spaced(call, to.arrange(x, NHWC).name, n * h, w * c, strides[0], "rows");
  const columns = spaced(call, rows, n * h * strides[0] * w, c, strides[1], "columns");
  const shape = [n, h * strides[0], w * strides[1], c];
  const cut = padding.map((p) => Math.max(-p, 0));
  const sizes = [n, shape[1] - cut[0] - cut[2], shape[2] - cut[1] - cut[3], c];
  const spread = to.emit("reshape", `${name}:spread`, { shape }, [columns]);
  const source = cut.some((p) => p > 0)
    ? to.emit("slice", `${name}:cut`, { starts: [0, cut[0], cut[1], 0], sizes }, [spread.name])
    : spread;
  const turned = to.constant(weight, name, `turned_${groups}`, () => {
    const { fold } = to;
    const grouped = { ...weight, shape: [groups, c / groups, outputs, kh, kw] };
    const kernels = fold.transpose(grouped, [3, 4, 1, 0, 2]);
    const back = fold.slice(
      kernels,
      [kh - 1, kw - 1, 0, 0, 0],
      kernels.shape,
      [-1, -1, 1, 1, 1],
    );
    return { shape: [kh, kw, c / groups, groups * outputs], data: back.data };
  });
  const { name: output, shape: [, oh, ow, o] } = to.emit(
    "conv2d",
    name,
    {
      strides: [1, 1],
      padding: [
        Math.max(padding[0], 0),
        Math.max(padding[1], 0),
        Math.max(padding[2], 0),
        Math.max(padding[3], 0),
      ],
      dilations,
      groups,
    },
    [source.name, turned, ...(bias ? [to.vector(bias, name, "bias")] : [])],
  );
  return { kind: "computed", name: output, shape: [n, o, oh, ow], order: NHWC };
}
