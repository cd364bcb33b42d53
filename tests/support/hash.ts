/**
 * Weights and inputs that need no file: every value follows from its key and its place. Reference outputs in `tests/fixtures/` were computed by the
 * original frameworks on the same values.
 */
import { elements, type Shape, type Tensor } from "../../src/tensor.ts";

/** FNV-1a of 32 bits. */
function fnv(key: string): number {
  let hash = 2166136261;
  for (const byte of new TextEncoder().encode(key)) hash = Math.imul(hash ^ byte, 16777619) >>> 0;
  return hash;
}

/** `shape` filled with `value(v)`, `v` in [0, 1). */
function fill(key: string, shape: Shape, value: (v: number) => number): Tensor {
  const seed = fnv(key), data = new Float32Array(elements(shape));
  for (let i = 0; i < data.length; i++) {
    let z = seed + Math.imul(i, 0x9e3779b9);
    z = Math.imul(z ^ z >>> 16, 0x85ebca6b);
    z = Math.imul(z ^ z >>> 13, 0xc2b2ae35);
    data[i] = value(((z ^ z >>> 16) >>> 0) / 2 ** 32);
  }
  return { shape, data };
}

/** What a parameter is; decides its range. */
export type Role = "weight" | "scale" | "bias" | "mean" | "variance";

/** A parameter. A weight is uniform with the variance 2 / fan-in, times the square of `gain`. */
export function hashed(key: string, shape: Shape, role: Role, gain = 1): Tensor {
  switch (role) {
    case "weight": {
      const bound = Math.sqrt(6 / elements(shape.slice(1)));
      return fill(key, shape, (v) => (2 * v - 1) * bound * gain);
    }
    case "bias":
    case "mean":
      return fill(key, shape, (v) => (2 * v - 1) * 0.1);
    case "scale":
    case "variance":
      return fill(key, shape, (v) => 0.5 + v);
  }
}

/** The role that the name and rank of a parameter tell: PyTorch's, or Caffe's of a layer's second blob. */
export function roleOf(key: string, shape: Shape): Role {
  if (key.endsWith(".running_mean")) return "mean";
  if (key.endsWith(".running_var")) return "variance";
  if (key.endsWith(".bias") || (key.endsWith(".1") && shape.length === 1)) return "bias";
  return shape.length === 1 ? "scale" : "weight";
}

/** All weights of a network under PyTorch's names. */
export function hashedWeights(gain = 1): (key: string, shape: Shape) => Float32Array {
  return (key, shape) => {
    const { data } = hashed(key, shape, roleOf(key, shape), gain);
    // The lengths to which SSD scales the vectors of a map.
    return key.endsWith("scale_weight") ? data.map((value) => value * 20) : data;
  };
}

/** An input of the network. */
export function hashedInput(shape: Shape): Tensor {
  return fill(`input:${shape.join("x")}`, shape, (v) => (2 * v - 1) * 1.7);
}
