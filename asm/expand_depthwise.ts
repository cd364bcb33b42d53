/**
 * A pointwise and a depthwise convolution, strip by strip: the rows that a tile of output rows looks at are expanded into workspace, and filtered from there, so
 * that the wide tensor between them never leaves the cache. Rows at the seam of two strips are expanded twice.
 *
 * Parameter block: 0-12 as in gemm.ts for the expansion, with C the strip in workspace; then 13-38 as words 0-25 in depthwise.ts for the filter; 39 tiles a picture;
 * 40-42 the activation of the expansion as in unary.ts.
 */
import { depthwiseRows } from "./depthwise";
import { multiply } from "./gemm";
import { word } from "./simd";

/** Byte offset of the filter's parameters. */
const FILTER: usize = 13 << 2;

/** Kernel `expand_depthwise`: tile `index` is a range of output rows of one picture; `local` is the offset of this thread's workspace. */
export function expand_depthwise(params: usize, index: i32, local: usize): void {
  const filter = params + FILTER;
  const height = word(filter, 2), width = word(filter, 3), outHeight = word(filter, 19);
  const tiles = word(params, 39), tileRows = word(filter, 12);
  const image = index / tiles, first = (index % tiles) * tileRows;
  const end = min(first + tileRows, outHeight);
  const top = first * word(filter, 13) - word(filter, 15);
  const y0 = max(0, top);
  const y1 = min(height, (end - 1) * word(filter, 13) - word(filter, 15) + (word(filter, 8) - 1) * word(filter, 17) + 1);
  const strip = <usize> word(params, 6) + local;
  const ldc = <usize> word(params, 7), lda = <usize> word(params, 1);
  const from = image * height + y0;
  if (y1 > y0) {
    multiply(
      <usize> word(params, 0) + <usize> (from * width) * lda,
      lda,
      (y1 - y0) * width,
      word(params, 3),
      word(params, 4),
      1,
      <usize> word(params, 5),
      strip,
      ldc,
      0,
      0,
      load<f32>(params, 40),
      load<f32>(params, 44),
      params + 160,
    );
  }
  depthwiseRows(filter, strip - <usize> (from * width) * ldc, image * outHeight + first, image * outHeight + end);
}
