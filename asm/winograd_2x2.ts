/**
 * Transforms of F(2x2, 3x3) over the points 0, 1, -1 and infinity. A tile of 2x2 outputs needs 16 multiplications a channel pair instead of 36; its transformed
 * weights take less than half the memory of those of F(4x4), which is what counts on small maps of many channels.
 *
 *          | 1  0 -1  0 |        | 1  0 |
 *     B' = | 0  1  1  0 |   A =  | 1  1 |
 *          | 0 -1  1  0 |        | 1 -1 |
 *          | 0 -1  0  1 |        | 0  1 |
 */
import { clamp, splatWord, storeLanes, word } from "./simd";

/** One pass of B' over `bytes` of channels: four vectors `step` bytes apart, to four `outStep` apart. */
export function transformInput2(from: usize, step: usize, to: usize, outStep: usize, bytes: i32): void {
  for (; bytes > 0; bytes -= 16) {
    let p = from;
    const d0 = v128.load(p);
    p += step;
    const d1 = v128.load(p);
    p += step;
    const d2 = v128.load(p);
    const d3 = v128.load(p + step);
    p = to;
    v128.store(p, f32x4.sub(d0, d2));
    p += outStep;
    v128.store(p, f32x4.add(d1, d2));
    p += outStep;
    v128.store(p, f32x4.sub(d2, d1));
    p += outStep;
    v128.store(p, f32x4.sub(d3, d1));
    from += 16;
    to += 16;
  }
}

/** One tile of outputs, `channels` from `bias` on: 16 planes at `m` to `rows` by `columns` (up to 2x2) pixels. */
export function outputTile2(
  params: usize,
  m: usize,
  plane: usize,
  out: usize,
  r: usize,
  rows: i32,
  columns: i32,
  bias: usize,
  channels: i32,
  scratch: usize,
): void {
  const outPixel = <usize> word(params, 7), rPixel = <usize> word(params, 9);
  const outRow = <usize> word(params, 16) * outPixel, rRow = <usize> word(params, 16) * rPixel;
  const lo = splatWord(params, 10), hi = splatWord(params, 11);
  for (; channels > 0; channels -= 4) {
    for (let x = 0; x < 4; ++x) {
      let p = m + <usize> x * plane;
      const m0 = v128.load(p);
      p += 4 * plane;
      const m1 = v128.load(p);
      p += 4 * plane;
      const m2 = v128.load(p);
      const m3 = v128.load(p + 4 * plane);
      const to = scratch + (<usize> x << 4);
      v128.store(to, f32x4.add(f32x4.add(m0, m1), m2));
      v128.store(to, f32x4.add(f32x4.sub(m1, m2), m3), 64);
    }
    const b = v128.load(bias);
    for (let y = 0; y < rows; ++y) {
      const p = scratch + <usize> (y << 6);
      const m1 = v128.load(p, 16), m2 = v128.load(p, 32);
      let y0 = f32x4.add(f32x4.add(v128.load(p), b), f32x4.add(m1, m2));
      let y1 = f32x4.add(f32x4.add(v128.load(p, 48), b), f32x4.sub(m1, m2));
      const o = out + <usize> y * outRow;
      if (r) {
        const q = r + <usize> y * rRow;
        y0 = f32x4.add(y0, v128.load(q));
        if (columns > 1) y1 = f32x4.add(y1, v128.load(q + rPixel));
      }
      storeLanes(o, clamp(y0, lo, hi), channels);
      if (columns > 1) storeLanes(o + outPixel, clamp(y1, lo, hi), channels);
    }
    m += 16;
    bias += 16;
    out += 16;
    if (r) r += 16;
  }
}
