/**
 * Max and average pooling over any window. Taps outside the picture are skipped, but no window lies wholly outside; an average divides by the taps inside, or by the
 * whole window where the padding counts. Loads read up to 12 bytes past the last channel of a pixel; stores are exact.
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
    const y0 = max(y, 0), down = min(y + kh, height) - y0;
    const image = <usize> word(params, 0) + <usize> (row / outHeight) * <usize> height * rowBytes;
    let out = <usize> word(params, 6) + <usize> row * <usize> outWidth * outPixel;
    for (let ox = 0; ox < outWidth; ++ox) {
      const x = ox * word(params, 12) - word(params, 14);
      const x0 = max(x, 0), across = min(x + kw, width) - x0;
      const taps = kind == 2 ? kh * kw : down * across;
      const start = f32x4.splat(kind ? 0 : -Infinity), scale = f32x4.splat(kind ? <f32> 1 / <f32> taps : 1);
      let corner = image + <usize> y0 * rowBytes + <usize> x0 * pixel, o = out, c = channels;
      // Sixteen channels at a time: with four, the loops over the taps take longer than the taps.
      for (; c >= 16; c -= 16) {
        let a0 = start, a1 = start, a2 = start, a3 = start;
        let line = corner, j = down;
        if (kind) {
          do {
            let p = line, i = across;
            do {
              a0 = f32x4.add(a0, v128.load(p));
              a1 = f32x4.add(a1, v128.load(p, 16));
              a2 = f32x4.add(a2, v128.load(p, 32));
              a3 = f32x4.add(a3, v128.load(p, 48));
              p += pixel;
            } while (--i);
            line += rowBytes;
          } while (--j);
        } else {
          do {
            let p = line, i = across;
            do {
              a0 = vmax(a0, v128.load(p));
              a1 = vmax(a1, v128.load(p, 16));
              a2 = vmax(a2, v128.load(p, 32));
              a3 = vmax(a3, v128.load(p, 48));
              p += pixel;
            } while (--i);
            line += rowBytes;
          } while (--j);
        }
        v128.store(o, clamp(f32x4.mul(a0, scale), lo, hi));
        v128.store(o, clamp(f32x4.mul(a1, scale), lo, hi), 16);
        v128.store(o, clamp(f32x4.mul(a2, scale), lo, hi), 32);
        v128.store(o, clamp(f32x4.mul(a3, scale), lo, hi), 48);
        corner += 64;
        o += 64;
      }
      for (; c > 0; c -= 4) {
        let a = start;
        let line = corner, j = down;
        do {
          let p = line, i = across;
          do {
            const v = v128.load(p);
            a = kind ? f32x4.add(a, v) : vmax(a, v);
            p += pixel;
          } while (--i);
          line += rowBytes;
        } while (--j);
        storeLanes(o, clamp(f32x4.mul(a, scale), lo, hi), c);
        corner += 16;
        o += 16;
      }
      out += outPixel;
    }
  }
}
