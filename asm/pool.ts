/**
 * Max and average pooling over any window. Taps outside the picture are skipped; an average divides by the taps inside, or by the whole
 * window where the padding counts. Loads read up to 12 bytes past the last channel of a pixel; stores are exact.
 *
 * Parameter block: 0 input, 1 pixel stride (bytes), 2 H, 3 W, 4 C, 5 kind (0 max, 1 average of the taps inside, 2 average with padding), 6 output,
 * 7 output pixel stride, 8 kh, 9 kw, 10 output rows a tile, 11 stride y, 12 stride x, 13 pad top, 14 pad left, 15 out H, 16 out W,
 * 17 output rows in all (n * out H), 18 lo (f32), 19 hi (f32).
 */
import { clamp, splatWord, storeLanes, vmax, word } from "./simd";

/** Kernel `pool`: tile `index`, a range of output rows. */
export function pool(params: usize, index: i32): void {
  const pixel = <usize> word(params, 1);
  const height = word(params, 2), width = word(params, 3), channels = word(params, 4), kind = word(params, 5);
  const outPixel = <usize> word(params, 7);
  const kh = word(params, 8), kw = word(params, 9);
  const outHeight = word(params, 15), outWidth = word(params, 16);
  const rowBytes = <usize> width * pixel;
  const lo = splatWord(params, 18), hi = splatWord(params, 19);
  const first = index * word(params, 10);
  const end = min(first + word(params, 10), word(params, 17));
  for (let row = first; row < end; ++row) {
    const y = (row % outHeight) * word(params, 11) - word(params, 13);
    const y0 = max(y, 0), y1 = min(y + kh, height);
    const image = <usize> word(params, 0) + <usize> (row / outHeight) * <usize> height * rowBytes;
    let out = <usize> word(params, 6) + <usize> row * <usize> outWidth * outPixel;
    for (let ox = 0; ox < outWidth; ++ox) {
      const x = ox * word(params, 12) - word(params, 14);
      const x0 = max(x, 0), x1 = min(x + kw, width);
      const taps = kind == 2 ? kh * kw : max((y1 - y0) * (x1 - x0), 1);
      const scale = f32x4.splat(<f32> 1 / <f32> taps);
      let corner = image + <usize> y0 * rowBytes + <usize> x0 * pixel, o = out;
      for (let c = channels; c > 0; c -= 4) {
        let a = f32x4.splat(kind ? 0 : -Infinity);
        let line = corner;
        for (let yy = y0; yy < y1; ++yy) {
          let p = line;
          for (let xx = x0; xx < x1; ++xx) {
            const v = v128.load(p);
            if (kind) a = f32x4.add(a, v);
            else a = vmax(a, v);
            p += pixel;
          }
          line += rowBytes;
        }
        if (kind) a = f32x4.mul(a, scale);
        storeLanes(o, clamp(a, lo, hi), c);
        corner += 16;
        o += 16;
      }
      out += outPixel;
    }
  }
}
