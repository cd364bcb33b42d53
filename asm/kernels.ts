/**
 * Numbers of the kernels in a command buffer, shared by the interpreter (AssemblyScript) and the command writers (TypeScript). One line a kernel.
 *
 * @module
 */

/** Matrix product of rows as they lie: gemm.ts. */
export const GEMM = 0;
/** General convolution: im2col.ts. */
export const IM2COL = 1;
/** Depthwise convolution: depthwise.ts. */
export const DEPTHWISE = 2;
/** Max and average pooling: pool.ts. */
export const POOL = 3;
/** Sum of two tensors: binary.ts. */
export const ADD = 4;
/** Product of two tensors: binary.ts. */
export const MUL = 5;
/** Clamp, or copy: unary.ts. */
export const CLIP = 6;
/** Logistic function: unary.ts. */
export const SIGMOID = 7;
/** Softmax over the last axis: softmax.ts. */
export const SOFTMAX = 8;
