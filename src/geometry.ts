/**
 * Geometry of windows that slide over a picture: output sizes and paddings under the rounding rules of the frameworks. Readers
 * resolve a framework's rule to explicit paddings here; operators share the output size.
 *
 * @module
 */

/** Explicit padding in pixels: top, left, bottom, right. */
export type Padding = readonly [top: number, left: number, bottom: number, right: number];

/** A pair along y and x. */
export type Pair = readonly [y: number, x: number];

/** A window that slides over a picture. */
export interface Window {
  readonly kernel: Pair;
  readonly strides: Pair;
  readonly padding: Padding;
  readonly dilations: Pair;
}

/** How many input pixels a dilated kernel spans. */
export function span(kernel: number, dilation: number): number {
  return (kernel - 1) * dilation + 1;
}

/** Output size along one axis, rounded down: every window lies inside the padded input (PyTorch, ONNX, Caffe convolution). */
export function outputSize(
  input: number,
  kernel: number,
  stride: number,
  dilation: number,
  before: number,
  after: number,
): number {
  return Math.floor((input + before + after - span(kernel, dilation)) / stride) + 1;
}

/**
 * Windows rounded up along one axis (`ceil_mode` of PyTorch and ONNX, Caffe's pooling): the padding after that makes room for the last one, which begins
 * inside the input or the padding before it.
 */
export function ceilPadding(
  input: number,
  kernel: number,
  stride: number,
  before: number,
  after: number,
): number {
  let outputs = Math.ceil((input + before + after - kernel) / stride) + 1;
  if ((outputs - 1) * stride >= input + before) outputs--;
  return Math.max(after, (outputs - 1) * stride + kernel - input - before);
}

/** TensorFlow's `SAME` along one axis: ceil(input / stride) outputs, the odd pixel of padding after. */
export function samePadding(
  input: number,
  kernel: number,
  stride: number,
  dilation: number,
): [before: number, after: number] {
  const total = Math.max(0, (Math.ceil(input / stride) - 1) * stride + span(kernel, dilation) - input);
  const before = Math.floor(total / 2);
  return [before, total - before];
}

/** TensorFlow's named paddings, resolved for an input of `[height, width]`. */
export function namedPadding(
  name: "SAME" | "VALID",
  [height, width]: Pair,
  kernel: Pair,
  strides: Pair,
  dilations: Pair,
): Padding {
  if (name === "VALID") return [0, 0, 0, 0];
  const [top, bottom] = samePadding(height, kernel[0], strides[0], dilations[0]);
  const [left, right] = samePadding(width, kernel[1], strides[1], dilations[1]);
  return [top, left, bottom, right];
}

/** Output height and width of a window over `[height, width]`, rounded down. */
export function outputPlane([height, width]: Pair, { kernel, strides, padding, dilations }: Window): Pair {
  return [
    outputSize(height, kernel[0], strides[0], dilations[0], padding[0], padding[2]),
    outputSize(width, kernel[1], strides[1], dilations[1], padding[1], padding[3]),
  ];
}
