/**
 * How the input of a convolution over strips lies in memory, shared by the kernel (AssemblyScript) and the command writer (TypeScript).
 *
 * @module
 */

/** Pixels of floats. */
export const PIXELS = 0;
/** Pixels of RGBA bytes. */
export const PHOTO = 1;
/** Three planes of floats. */
export const PLANES = 2;
