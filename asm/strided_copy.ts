/**
 * Copy between any strides over five axes: transposition, stepped slices, interior of padding. Where the last axis is dense on both sides it goes four
 * floats at a time; loads then read up to 12 bytes past a run, stores are exact. So do two runs whose floats are paired (the channels of ShuffleNet V2), and three planes
 * that become pixels.
 *
 * Parameter block: 0 input, 1 output, 2-6 extents, 7-11 input strides (bytes), 12-16 output strides, 17 indices of the first axis a tile.
 */
import { interleave } from "./planes";
import { storeLanes, word } from "./simd";

/** Copies a run of `count` floats, `step` and `outStep` bytes apart. */
@inline
function copyRun(p: usize, step: usize, o: usize, outStep: usize, count: i32): void {
  if (step == 4 && outStep == 4) {
    for (; count >= 4; count -= 4) {
      v128.store(o, v128.load(p));
      p += 16;
      o += 16;
    }
    if (count > 0) storeLanes(o, v128.load(p), count);
    return;
  }
  for (; count > 0; --count) {
    store<f32>(o, load<f32>(p));
    p += step;
    o += outStep;
  }
}

/** Copies `count` pairs: of the floats from `p` on and of those from `q` on. */
@inline
function copyPairs(p: usize, q: usize, o: usize, count: i32): void {
  for (; count >= 4; count -= 4) {
    const a = v128.load(p), b = v128.load(q);
    v128.store(o, i32x4.shuffle(a, b, 0, 4, 1, 5));
    v128.store(o, i32x4.shuffle(a, b, 2, 6, 3, 7), 16);
    p += 16;
    q += 16;
    o += 32;
  }
  for (; count > 0; --count) {
    store<f32>(o, load<f32>(p));
    store<f32>(o, load<f32>(q), 4);
    p += 4;
    q += 4;
    o += 8;
  }
}

/**
 * Kernel `strided_copy`: tile `index` is a range of the first axis, which is walked inside of the second and the third: these have but one index where a copy has
 * no more than three axes, and the loops around short runs are to be few.
 */
export function strided_copy(params: usize, index: i32): void {
  const first = index * word(params, 17), end = min(first + word(params, 17), word(params, 2));
  const n1 = word(params, 3), n2 = word(params, 4), n3 = word(params, 5), count = word(params, 6);
  const step0 = word(params, 7), step1 = word(params, 8), step2 = word(params, 9), step3 = word(params, 10);
  const out0 = word(params, 12), out1 = word(params, 13), out2 = word(params, 14), out3 = word(params, 15);
  const step = <usize> word(params, 11), outStep = <usize> word(params, 16);
  if (count == 3 && n1 * n2 * n3 == 1 && step0 == 4 && out0 == 12 && outStep == 4) {
    interleave(<usize> (word(params, 0) + first * 4), step, <usize> (word(params, 1) + first * 12), end - first);
    return;
  }
  const pairs = count == 2 && step3 == 4 && out3 == 8 && outStep == 4;
  for (let i1 = 0; i1 < n1; ++i1) {
    for (let i2 = 0; i2 < n2; ++i2) {
      let p = word(params, 0) + first * step0 + i1 * step1 + i2 * step2;
      let o = word(params, 1) + first * out0 + i1 * out1 + i2 * out2;
      for (let i0 = first; i0 < end; ++i0) {
        if (pairs) {
          copyPairs(<usize> p, <usize> p + step, <usize> o, n3);
        } else {
          for (let i3 = 0; i3 < n3; ++i3) {
            copyRun(<usize> (p + i3 * step3), step, <usize> (o + i3 * out3), outStep, count);
          }
        }
        p += step0;
        o += out0;
      }
    }
  }
}
