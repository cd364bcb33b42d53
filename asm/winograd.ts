/**
 * 3x3 convolution of stride 1 by Winograd's F(4x4, 3x3) and F(2x2, 3x3) (Lavin and Gray 2016, arXiv 1509.09308); the transforms are in `winograd_4x4.ts` and
 * `winograd_2x2.ts`. A block of T output tiles of S x S, P = (S + 2) squared, goes through three steps, all in workspace that stays in cache:
 *
 *     input   V[P][T][C] = B' d B      S + 2 by S + 2 pixels of each tile, 4 channels at a time
 *     product M[P][T][O] = V x U       P matrix products, weights U packed as in gemm.ts with zero bias; small ones on x86-64 by winograd_product.ts
 *     output  y = A' m A + bias        S x S pixels of each tile, residual, clamp or activation
 *
 * Loads read up to 12 bytes past the last channel of a pixel; stores to the output are exact.
 *
 * Parameter block: 0 input, 1 pixel stride (bytes), 2 H, 3 W, 4 C, 5 U, 6 output, 7 output pixel stride, 8 residual (0: none), 9 its pixel stride,
 * 10 lo (f32), 11 hi (f32), 12 tiles a block, 13 pad top, 14 pad left, 15 out H, 16 out W, 17 tiles across, 18 tiles down, 19 tiles in all, 20 O,
 * 21 bias, 22 V, 23 bytes of a plane of V, 24 M, 25 bytes of a plane of M, 26 bytes of a plane of U, 27 scratch: P pixels of C rounded up to 4 floats,
 * 28 step (winograd_steps.ts), 29 first tile of a single step's block; 30 panels together as in gemm.ts, 31-33 the activation as in unary.ts.
 *
 * Where weights are more than pixels, each step is a command of its own, with V and M in the first thread's workspace: threads share the tiles of the transforms and the
 * planes of the product, so that each weight is read by one of them and each input transformed once.
 */
import { multiply } from "./gemm";
import { AARCH64, word } from "./simd";
import { activate, slopeOf } from "./unary";
import { inputTile2, outputTile2 } from "./winograd_2x2";
import { inputTile4, outputTile4 } from "./winograd_4x4";
import { planeProduct } from "./winograd_product";
import { INPUT, OUTPUT, PRODUCT, WHOLE } from "./winograd_steps";

/** Bytes of a plane of weights up to which the order in which they are read (gemm.ts) makes no difference. */
const SMALL_PLANE = 8192;

/** Copies the `size` by `size` pixels of a tile that crosses a border, with zeros outside. */
function gather(params: usize, image: usize, y: i32, x: i32, to: usize, pixelBytes: usize, size: i32): void {
  const pixel = <usize> word(params, 1);
  const height = word(params, 2), width = word(params, 3);
  for (let dy = 0; dy < size; ++dy) {
    for (let dx = 0; dx < size; ++dx) {
      const end = to + pixelBytes;
      if (<u32> (y + dy) < <u32> height && <u32> (x + dx) < <u32> width) {
        let from = image + <usize> ((y + dy) * width + x + dx) * pixel;
        for (; to < end; to += 16) {
          v128.store(to, v128.load(from));
          from += 16;
        }
      } else {
        for (; to < end; to += 16) v128.store(to, i32x4.splat(0));
      }
    }
  }
}

/**
 * Tile `index` of a command: a block of output tiles of `size` by `size`, 2 or 4, or one tile or one plane of a step; `local` is the offset of this thread's workspace.
 */
function block(size: i32, params: usize, index: i32, local: usize): void {
  const window = size + 2;
  const step = word(params, 28), whole = step == WHOLE, planes = whole ? window * window : index + 1;
  const pixel = <usize> word(params, 1);
  const height = word(params, 2), width = word(params, 3), channels = word(params, 4);
  const outHeight = word(params, 15), outWidth = word(params, 16);
  const across = word(params, 17), down = word(params, 18), outputs = word(params, 20);
  const first = whole ? index * word(params, 12) : word(params, 29);
  const count = min(word(params, 12), word(params, 19) - first);
  const begin = whole ? 0 : index, end = whole ? count : index + 1;
  const place: usize = whole ? local : 0;
  const v = <usize> word(params, 22) + place, vPlane = <usize> word(params, 23);
  const m = <usize> word(params, 24) + place, mPlane = <usize> word(params, 25);
  const scratch = <usize> word(params, 27) + local;
  const pixelBytes = <usize> ((channels + 3) & ~3) << 2;
  const mRow = <usize> ((outputs + 3) & ~3) << 2;

  if (whole || step == INPUT) {
    for (let t = begin; t < end; ++t) {
      const at = first + t;
      const y = ((at / across) % down) * size - word(params, 13), x = (at % across) * size - word(params, 14);
      const image = <usize> word(params, 0) + <usize> (at / (across * down)) * <usize> (height * width) * pixel;
      const to = v + <usize> t * pixelBytes;
      if (y >= 0 && x >= 0 && y + window <= height && x + window <= width) {
        const from = image + <usize> (y * width + x) * pixel;
        if (size == 4) inputTile4(from, pixel, <usize> width * pixel, channels, to, vPlane);
        else inputTile2(from, pixel, <usize> width * pixel, channels, to, vPlane);
      } else {
        gather(params, image, y, x, scratch, pixelBytes, window);
        if (size == 4) inputTile4(scratch, pixelBytes, 6 * pixelBytes, channels, to, vPlane);
        else inputTile2(scratch, pixelBytes, 4 * pixelBytes, channels, to, vPlane);
      }
    }
  }

  if (whole || step == PRODUCT) {
    const fours = (5 - count % 5) % 5, planeBytes = word(params, 26);
    const direct = !(channels & 3 | outputs & 7) && count >= 4 * fours && (word(params, 30) == 1 || planeBytes <= SMALL_PLANE);
    for (let plane = begin; plane < planes; ++plane) {
      const a = v + <usize> plane * vPlane, u = <usize> word(params, 5) + <usize> (plane * planeBytes);
      const c = m + <usize> plane * mPlane;
      if (!AARCH64 && direct) planeProduct((count - 4 * fours) / 5, fours, a, pixelBytes, channels, outputs, u, c, mRow);
      else multiply(1, 0, a, pixelBytes, count, channels, outputs, word(params, 30), u, c, mRow, 0, 0, -Infinity, Infinity, 0);
    }
  }

  if (whole || step == OUTPUT) {
    const activation = params + 124, slope = slopeOf(activation), outPixel = <usize> word(params, 7);
    for (let t = begin; t < end; ++t) {
      const at = first + t;
      const y = ((at / across) % down) * size, x = (at % across) * size;
      const at0 = <usize> ((at / (across * down) * outHeight + y) * outWidth + x);
      const r = <usize> word(params, 8);
      const planesOf = m + <usize> t * mRow, bias = <usize> word(params, 21);
      const out = <usize> word(params, 6) + at0 * outPixel;
      const residual = r ? r + at0 * <usize> word(params, 9) : 0;
      const rows = min(size, outHeight - y), columns = min(size, outWidth - x);
      if (size == 4) outputTile4(params, planesOf, mPlane, out, residual, rows, columns, bias, outputs, slope);
      else outputTile2(params, planesOf, mPlane, out, residual, rows, columns, bias, outputs, slope);
      if (slope) continue;
      for (let row = 0; row < rows; ++row) activate(activation, out + <usize> (row * outWidth) * outPixel, outPixel, columns, outputs);
    }
  }
}

/** Kernel `winograd_4x4`. */
export function winograd4x4(params: usize, index: i32, local: usize): void {
  block(4, params, index, local);
}

/** Kernel `winograd_2x2`. */
export function winograd2x2(params: usize, index: i32, local: usize): void {
  block(2, params, index, local);
}
