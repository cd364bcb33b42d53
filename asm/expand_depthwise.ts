/**
 * A pointwise and a depthwise convolution as one: the channels of a panel of weights at a time, a few rows are expanded into workspace, and filtered from there, so that the wide
 * tensor between them never leaves the first-level cache. Rows that the next ones look at too are kept; only where two tiles meet are rows expanded twice.
 *
 * Parameter block: 0-12 as in gemm.ts for the expansion, with C the strip in workspace, whose pixels are one panel wide, and 12 the output rows of a strip; then 13-38 as words
 * 0-25 in depthwise.ts for the filter; 39 tiles along the rows of a picture; 40 panels; 41-43 the activation of the expansion as in unary.ts.
 */
import { depthwiseRows } from "./depthwise";
import { multiply } from "./gemm";
import { word } from "./simd";

/** Byte offset of the filter's parameters. */
const FILTER: usize = 13 << 2;

/** Kernel `expand_depthwise`: tile `index` is a panel of a range of output rows of one picture; `local` is the offset of this thread's workspace. */
export function expand_depthwise(params: usize, index: i32, local: usize): void {
  const filter = params + FILTER;
  const height = word(filter, 2), width = word(filter, 3), outHeight = word(filter, 19);
  const stride = word(filter, 13), padTop = word(filter, 15), reach = (word(filter, 8) - 1) * word(filter, 17) + 1;
  const panels = word(params, 40), tiles = word(params, 39);
  const range = index / panels, image = range / tiles;
  const first = (range % tiles) * word(filter, 12), end = min(first + word(filter, 12), outHeight);
  const strip = <usize> word(params, 6) + local;
  const k = word(params, 3), lda = <usize> word(params, 1), ldc = <usize> word(params, 7);
  const lineBytes = <usize> width * ldc;
  const channel = (index % panels) * <i32> (ldc >> 2), channels = min(<i32> (ldc >> 2), word(params, 4) - channel);
  // The strip holds the rows [from, to).
  let from = 0, to = 0;
  for (let row = first; row < end; row += word(params, 12)) {
    const last = min(row + word(params, 12), end);
    const y0 = max(0, row * stride - padTop), y1 = min(height, (last - 1) * stride - padTop + reach);
    if (to > y0) memory.copy(strip, strip + <usize> (y0 - from) * lineBytes, <usize> (to - y0) * lineBytes);
    else to = y0;
    from = y0;
    if (y1 > to) {
      multiply(
        1,
        0,
        <usize> word(params, 0) + <usize> ((image * height + to) * width) * lda,
        lda,
        (y1 - to) * width,
        k,
        channels,
        1,
        <usize> word(params, 5) + <usize> (channel * (k + 1) << 2),
        strip + <usize> (to - from) * lineBytes,
        ldc,
        0,
        0,
        load<f32>(params, 40),
        load<f32>(params, 44),
        params + 164,
      );
      to = y1;
    }
    depthwiseRows(filter, strip - <usize> (image * height + from) * lineBytes, channel, channels, image * outHeight + row, image * outHeight + last);
  }
}
