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
/** x, or a multiple of it below zero: unary.ts. */
export const LEAKY_RELU = 9;
/** x * sigmoid(x): unary.ts. */
export const SILU = 10;
/** x * tanh(ln(1 + e^x)): unary.ts. */
export const MISH = 11;
/** Piecewise linear sigmoid: unary.ts. */
export const HARD_SIGMOID = 12;
/** x * relu6(x + 3) / 6: unary.ts. */
export const HARD_SWISH = 13;
/** Hyperbolic tangent: unary.ts. */
export const TANH = 14;
/** Difference of two tensors: binary.ts. */
export const SUB = 15;
/** Quotient of two tensors: binary.ts. */
export const DIV = 16;
/** The larger of two tensors: binary.ts. */
export const MAXIMUM = 17;
/** Copy between any strides: strided_copy.ts. */
export const STRIDED_COPY = 18;
/** Nearest and bilinear resize: resize.ts. */
export const RESIZE = 19;
/** Vectors of the last axis to length 1: l2_normalize.ts. */
export const L2_NORMALIZE = 20;
/** 3x3 convolution by F(4x4, 3x3): winograd.ts. */
export const WINOGRAD_4X4 = 21;
/** Pointwise, then depthwise convolution: expand_depthwise.ts. */
export const EXPAND_DEPTHWISE = 23;
/** Convolution over strips of the input, in groups or not: implicit_gemm.ts. */
export const IMPLICIT_GEMM = 22;
/** 3x3 convolution by F(2x2, 3x3): winograd.ts. */
export const WINOGRAD_2X2 = 24;
/** Square root: unary.ts. */
export const SQRT = 25;
/** Scale, shift and clamp, then pointwise convolution: preactivated_pointwise.ts. */
export const PREACTIVATED_POINTWISE = 26;
/** Product by halves, Strassen's seven for eight: strassen.ts. */
export const STRASSEN = 27;
/** Pixels of a photo, bytes, as floats: unpack_rgba.ts. */
export const UNPACK_RGBA = 28;

/** Added to a command's kernel where the next command needs nothing of it: threads share both out as one. */
export const JOINED = 0x10000;
