/**
 * A checksum of memory: Fletcher's two sums (IEEE Transactions on Communications 30, 1982), of 32-bit words in four lanes. It tells damage, not forgery. Few
 * instructions, since a program is checked once, before V8 optimises anything.
 */

/** The checksum of the bytes in [begin, end); both are multiples of 64. */
export function checksum(begin: usize, end: usize): i32 {
  let sum = i32x4.splat(0), sums = i32x4.splat(0);
  for (; begin < end; begin += 64) {
    sum = i32x4.add(sum, v128.load(begin));
    sums = i32x4.add(sums, sum);
    sum = i32x4.add(sum, v128.load(begin, 16));
    sums = i32x4.add(sums, sum);
    sum = i32x4.add(sum, v128.load(begin, 32));
    sums = i32x4.add(sums, sum);
    sum = i32x4.add(sum, v128.load(begin, 48));
    sums = i32x4.add(sums, sum);
  }
  const all = i32x4.add(i32x4.mul(sums, i32x4.splat(31)), sum);
  let hash = i32x4.extract_lane(all, 0);
  hash = hash * 31 + i32x4.extract_lane(all, 1);
  hash = hash * 31 + i32x4.extract_lane(all, 2);
  return hash * 31 + i32x4.extract_lane(all, 3);
}
