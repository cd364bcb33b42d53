/**
 * Resize of a tensor by tables, nearest or bilinear. Each output row and column has an entry: the two source indices (i32) and the weight of
 * the second (f32); nearest has weight 0 and both indices alike. Loads read up to 12 bytes past the last channel; stores are exact.
 *
 * Parameter block: 0 input, 1 pixel stride (bytes), 2 H, 3 W, 4 C, 5 row table, 6 output, 7 output pixel stride, 8 column table, 9 out H, 10 out W,
 * 11 rows a tile, 12 output rows in all (n * out H).
 */
import { madd, storeLanes, word } from "./simd";

/** Kernel `resize`: tile `index`, a range of output rows. */
export function resize(params: usize, index: i32): void {
  const pixel = <usize> word(params, 1), outPixel = <usize> word(params, 7);
  const channels = word(params, 4), outHeight = word(params, 9), outWidth = word(params, 10);
  const rowBytes = <usize> word(params, 3) * pixel;
  const first = index * word(params, 11);
  const end = min(first + word(params, 11), word(params, 12));
  for (let row = first; row < end; ++row) {
    const entry = <usize> word(params, 5) + <usize> (row % outHeight) * 12;
    const image = <usize> word(params, 0) + <usize> (row / outHeight) * <usize> word(params, 2) * rowBytes;
    const top = image + <usize> load<i32>(entry) * rowBytes,
      bottom = image + <usize> load<i32>(entry, 4) * rowBytes;
    const down = load<f32>(entry, 8);
    let out = <usize> word(params, 6) + <usize> row * <usize> outWidth * outPixel;
    let column = <usize> word(params, 8);
    for (let ox = 0; ox < outWidth; ++ox) {
      const left = <usize> load<i32>(column) * pixel, right = <usize> load<i32>(column, 4) * pixel;
      const across = load<f32>(column, 8);
      let at: usize = 0;
      for (let c = channels; c > 0; c -= 4) {
        let v = v128.load(top + left + at);
        if (across != 0 || down != 0) {
          const ratio = f32x4.splat(across);
          v = madd(f32x4.sub(v128.load(top + right + at), v), ratio, v);
          let w = v128.load(bottom + left + at);
          w = madd(f32x4.sub(v128.load(bottom + right + at), w), ratio, w);
          v = madd(f32x4.sub(w, v), f32x4.splat(down), v);
        }
        storeLanes(out + at, v, c);
        at += 16;
      }
      column += 12;
      out += outPixel;
    }
  }
}
