/**
 * What a Winograd command does, shared by the kernel (AssemblyScript) and the command writer (TypeScript).
 *
 * @module
 */

/** All three steps, block by block. */
export const WHOLE = 0;
/** Transforms inputs, tile by tile. */
export const INPUT = 1;
/** Multiplies by the weights, plane by plane. */
export const PRODUCT = 2;
/** Transforms outputs, tile by tile. */
export const OUTPUT = 3;
