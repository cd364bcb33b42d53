/**
 * Greedy non-maximum suppression among boxes of one class, best first: each is compared with those kept so far, four at a time.
 *
 * Boxes are 4 floats: xmin, ymin, xmax, ymax. Kept ones lie in groups of four, 80 bytes each: xmin[4], ymin[4], xmax[4], ymax[4], area[4]; lanes without a
 * box are zeros, a point that meets nothing.
 */
import { lane, vmax, vmin } from "./simd";

/** Bytes of four kept boxes. */
const GROUP: usize = 80;

/**
 * Kernel `nms`: of the boxes [first, end) keeps those whose intersection over union with all `count` kept before is below `threshold`. Writes their indices (i32)
 * behind the first `count` of `indices`, and gives how many there are then. Boxes that are empty or have a corner that is not a number overlap none.
 * The cost is (end - first) times the boxes kept: the caller cuts it into calls.
 */
export function nms(boxes: usize, first: i32, end: i32, kept: usize, indices: usize, count: i32, threshold: f32): i32 {
  const least = f32x4.splat(threshold);
  for (let i = first; i < end; ++i) {
    const box = v128.load(boxes + (<usize> i << 4));
    const xmin = lane(box, 0), ymin = lane(box, 1), xmax = lane(box, 2), ymax = lane(box, 3);
    // Not a number where a corner is not, as is then any quotient with it.
    const area = f32x4.mul(f32x4.sub(xmax, xmin), f32x4.sub(ymax, ymin));
    const last = kept + <usize> (count >> 2) * GROUP;
    const stop = kept + <usize> ((count + 3) >> 2) * GROUP;
    let at = kept;
    for (; at < stop; at += GROUP) {
      const left = vmax(xmin, v128.load(at)), right = vmin(xmax, v128.load(at, 32));
      const top = vmax(ymin, v128.load(at, 16)), bottom = vmin(ymax, v128.load(at, 48));
      const meets = v128.and(f32x4.gt(right, left), f32x4.gt(bottom, top));
      // No branch spares the division where none meet: candidates lie close, and its misses cost more.
      const common = f32x4.mul(f32x4.sub(right, left), f32x4.sub(bottom, top));
      const union = f32x4.sub(f32x4.add(area, v128.load(at, 64)), common);
      if (v128.any_true(v128.and(meets, f32x4.ge(f32x4.div(common, union), least)))) break;
    }
    if (at < stop) continue;
    if ((count & 3) == 0) memory.fill(last, 0, GROUP);
    const to = last + (<usize> (count & 3) << 2);
    v128.store_lane<f32>(to, box, 0);
    v128.store_lane<f32>(to, box, 1, 16);
    v128.store_lane<f32>(to, box, 2, 32);
    v128.store_lane<f32>(to, box, 3, 48);
    v128.store_lane<f32>(to, area, 0, 64);
    store<i32>(indices + (<usize> count << 2), i);
    ++count;
  }
  return count;
}
