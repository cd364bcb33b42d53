/** Writes `.weights` files as Darknet does (AlexeyAB/darknet, src/parser.c: save_weights_upto). */
import type { Shape } from "../../src/tensor.ts";
import { hashed, type Role } from "./hash.ts";

/** Major, minor and revision, and the number of pictures seen as 32-bit words: one word before version 0.2, two since. */
export const HEADERS = {
  today: [0, 2, 5, 32013312, 0],
  plain: [0, 2, 0, 0, 0],
  old: [0, 1, 0, 0],
} as const;

const ROLES: Readonly<Record<string, Role>> = {
  bias: "bias",
  scale: "scale",
  mean: "mean",
  variance: "variance",
  weights: "weight",
};

/** Values behind a header. */
export function weightsFile(
  values: readonly Float32Array[],
  header: readonly number[] = HEADERS.plain,
): Uint8Array<ArrayBuffer> {
  const parts = [Int32Array.from(header), ...values];
  const bytes = new Uint8Array(parts.reduce((sum, { byteLength }) => sum + byteLength, 0));
  let at = 0;
  for (const { buffer, byteOffset, byteLength } of parts) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += byteLength;
  }
  return bytes;
}

/** Hash-generated values by keys such as `0.weights`, in the order of the file. */
export function hashedWeights(
  keys: readonly (readonly [key: string, shape: Shape])[],
  gain: number,
): Float32Array[] {
  return keys.map(([key, shape]) => hashed(key, shape, ROLES[key.split(".")[1]], gain).data);
}
