/**
 * General convolution: the receptive fields of a tile of output pixels are copied side by side into workspace (never those of a
 * whole layer) and multiplied like a pointwise convolution. Copying costs 2 / N of the multiply-adds' instructions.
 *
 * A field is laid out [ky][kx][c], K = kh * kw * C floats, rows `lda` = K rounded up to 4 floats apart. Copies move 16 bytes at a time: they read up
 * to 12 bytes past the last channel of a pixel and write up to 12 bytes past a field (the next copy overwrites them).
 *
 * Parameter block: 0-12 as in gemm.ts, with A in workspace; then 13 input, 14 pixel stride (bytes), 15 H, 16 W, 17 C, 18 kh, 19 kw, 20 stride y,
 * 21 stride x, 22 pad top, 23 pad left, 24 dilation y, 25 dilation x, 26 out H, 27 out W, 28-34 the grid of tiles and the
 * activation as in gemm.ts. M = n * out H * out W.
 */
import { block, rowTile } from "./gemm";
import { word } from "./simd";

/** Copies `bytes` (a multiple of 4), 16 at a time; returns the end of what counts. */
@inline
function copy(to: usize, from: usize, bytes: usize): usize {
  const end = to + bytes;
  do {
    v128.store(to, v128.load(from));
    to += 16;
    from += 16;
  } while (to < end);
  return end;
}

/** Clears `bytes` (a multiple of 4), 16 at a time; returns the end of what counts. */
@inline
function clear(to: usize, bytes: usize): usize {
  const end = to + bytes;
  do {
    v128.store(to, i32x4.splat(0));
    to += 16;
  } while (to < end);
  return end;
}

/** Packs the receptive fields of `count` output pixels from `first` on. */
function pack(params: usize, to: usize, lda: usize, first: i32, count: i32): void {
  const input = <usize> word(params, 13);
  const pixel = <usize> word(params, 14);
  const height = word(params, 15), width = word(params, 16);
  const channelBytes = <usize> word(params, 17) << 2;
  const kh = word(params, 18), kw = word(params, 19);
  const sy = word(params, 20), sx = word(params, 21);
  const dy = word(params, 24), dx = word(params, 25);
  const outHeight = word(params, 26), outWidth = word(params, 27);
  const rowBytes = <usize> width * pixel;
  const adjacent = dx == 1 && pixel == channelBytes;
  const segment = channelBytes * kw;

  let ox = first % outWidth;
  let oy = (first / outWidth) % outHeight;
  let image = input + <usize> (first / (outWidth * outHeight)) * <usize> height * rowBytes;
  for (let m = 0; m < count; ++m) {
    let p = to;
    const x = ox * sx - word(params, 23);
    let y = oy * sy - word(params, 22);
    const inside = adjacent && x >= 0 && x + kw <= width;
    for (let ky = 0; ky < kh; ++ky) {
      if (<u32> y >= <u32> height) {
        p = clear(p, segment);
      } else {
        const row = image + <usize> y * rowBytes;
        if (inside) {
          p = copy(p, row + <usize> x * pixel, segment);
        } else {
          let xx = x;
          for (let kx = 0; kx < kw; ++kx) {
            if (<u32> xx < <u32> width) p = copy(p, row + <usize> xx * pixel, channelBytes);
            else p = clear(p, channelBytes);
            xx += dx;
          }
        }
      }
      y += dy;
    }
    to += lda;
    if (++ox == outWidth) {
      ox = 0;
      if (++oy == outHeight) {
        oy = 0;
        image += <usize> height * rowBytes;
      }
    }
  }
}

/** Kernel `im2col`: tile `index` of a convolution of any kernel size, stride, dilation and padding; `local` is the offset of this thread's workspace. */
export function im2col(params: usize, index: i32, local: usize): void {
  const grid = params + 112;
  const tileRows = word(params, 12);
  const first = rowTile(grid, index) * tileRows;
  const rows = min(tileRows, word(params, 2) - first);
  const fields = <usize> word(params, 0) + local;
  const lda = <usize> word(params, 1);
  pack(params, fields, lda, first, rows);
  block(params, grid, index, fields, lda, first, rows);
}
