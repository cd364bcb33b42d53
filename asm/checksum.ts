/**
 * A checksum of memory: four times four lanes of multiply and exclusive or, in the manner of FNV-1a over 32-bit words. It tells damage, not forgery.
 */

/** The checksum of the bytes in [begin, end); both are multiples of 64. */
export function checksum(begin: usize, end: usize): i32 {
  let a = i32x4.splat(0x811c9dc5), b = i32x4.splat(0x01000193), c = i32x4.splat(0x2545f491), d = i32x4.splat(0x27d4eb2f);
  const prime = i32x4.splat(0x9e3779b1);
  for (; begin < end; begin += 64) {
    a = i32x4.mul(v128.xor(a, v128.load(begin)), prime);
    b = i32x4.mul(v128.xor(b, v128.load(begin, 16)), prime);
    c = i32x4.mul(v128.xor(c, v128.load(begin, 32)), prime);
    d = i32x4.mul(v128.xor(d, v128.load(begin, 48)), prime);
    // The high bits of a product depend on all lower ones, the low bits on few.
    a = v128.xor(a, i32x4.shr_u(a, 15));
    b = v128.xor(b, i32x4.shr_u(b, 15));
    c = v128.xor(c, i32x4.shr_u(c, 15));
    d = v128.xor(d, i32x4.shr_u(d, 15));
  }
  const e = v128.xor(i32x4.mul(v128.xor(i32x4.mul(v128.xor(a, i32x4.shl(b, 1)), prime), c), prime), i32x4.shl(d, 3));
  let sum = i32x4.extract_lane(e, 0);
  sum = sum * 31 + i32x4.extract_lane(e, 1);
  sum = sum * 31 + i32x4.extract_lane(e, 2);
  return sum * 31 + i32x4.extract_lane(e, 3);
}
