/**
 * Tensors as the library gives and takes them: a shape and dense row-major f32 data.
 *
 * @module
 */

/** Extents, outermost first. */
export type Shape = readonly number[];

/** Dense row-major values; `data.length` is the product of `shape`. */
export interface Tensor {
  /** Extents, outermost first. */
  readonly shape: Shape;
  /** The values. */
  readonly data: Float32Array;
}

/** Photos as canvases and cameras have them, e.g. the `data` of `ImageData`: `[n, h, w, 4]`, RGBA bytes. */
export interface RgbaTensor {
  /** Extents, outermost first. */
  readonly shape: Shape;
  /** The bytes. */
  readonly data: Uint8Array | Uint8ClampedArray;
}

/** How many values a shape holds; 1 for a scalar. */
export function elements(shape: Shape): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** The last extent, which for NHWC is the number of channels; 1 for a scalar. */
export function channelsOf(shape: Shape): number {
  return shape.length === 0 ? 1 : shape[shape.length - 1];
}

/** How many vectors of the last axis a shape holds. */
export function rowsOf(shape: Shape): number {
  return elements(shape.slice(0, -1));
}

/** `1x19x19x96`, or `scalar`. */
export function formatShape(shape: Shape): string {
  return shape.length === 0 ? "scalar" : shape.join("x");
}

/** Whether two shapes are the same. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis]);
}
