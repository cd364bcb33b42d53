/** The machine's peak: what a kernel could reach at best. */
import { madd } from "./simd";

/**
 * Runs `rounds` times 12 independent chains of one multiply-add of four lanes, a = a * scale + shift: 48 MACs a round. Returns their sum so that nothing is
 * optimised away; the operands are parameters because V8 would make constants anew at every use.
 */
export function peak(rounds: i32, scale: f32, shift: f32): f32 {
  const x = f32x4.splat(scale), y = f32x4.splat(shift);
  let a = y, b = y, c = y, d = y, e = y, f = y, g = y, h = y, i = y, j = y, k = y, l = y;
  do {
    a = madd(a, x, y);
    b = madd(b, x, y);
    c = madd(c, x, y);
    d = madd(d, x, y);
    e = madd(e, x, y);
    f = madd(f, x, y);
    g = madd(g, x, y);
    h = madd(h, x, y);
    i = madd(i, x, y);
    j = madd(j, x, y);
    k = madd(k, x, y);
    l = madd(l, x, y);
  } while (--rounds);
  a = f32x4.add(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)), f32x4.add(f32x4.add(e, f), f32x4.add(g, h)));
  a = f32x4.add(a, f32x4.add(f32x4.add(i, j), f32x4.add(k, l)));
  return f32x4.extract_lane(a, 0) + f32x4.extract_lane(a, 1) + f32x4.extract_lane(a, 2) +
    f32x4.extract_lane(a, 3);
}
