/**
 * Pixels of photos, 4 bytes each, as 3 floats: `byte * scale + offset`, rounded as resize_bytes.ts does. Loads and stores are exact.
 *
 * What pixels are unpacked by, 36 words: the order of the bytes of four pixels that make three vectors (r g b r, g b r g, b r g b), each in the lowest byte of a word
 * (255: a zero), then scales and offsets of these vectors (f32).
 *
 * Parameter block: 0 input, 1 pixels, 2 output, 3 output stride (bytes), 4 pixels a tile, 5-40 what to unpack by.
 */
import { storeLanes, swizzle, word } from "./simd";

/** Four bytes of `pixels` as floats. */
@inline
function affine(pixels: v128, order: v128, scale: v128, offset: v128): v128 {
  return f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(swizzle(pixels, order)), scale), offset);
}

/** Unpacks `count` pixels by `by`, to `stride` bytes from one to the next. */
export function unpackPixels(from: usize, to: usize, stride: usize, count: i32, by: usize): void {
  const order = v128.load(by), scale = v128.load(by, 48), offset = v128.load(by, 96);
  if (stride == 12) {
    const order1 = v128.load(by, 16), scale1 = v128.load(by, 64), offset1 = v128.load(by, 112);
    const order2 = v128.load(by, 32), scale2 = v128.load(by, 80), offset2 = v128.load(by, 128);
    for (; count >= 4; count -= 4) {
      const pixels = v128.load(from);
      v128.store(to, affine(pixels, order, scale, offset));
      v128.store(to, affine(pixels, order1, scale1, offset1), 16);
      v128.store(to, affine(pixels, order2, scale2, offset2), 32);
      from += 16;
      to += 48;
    }
  }
  for (; count > 0; --count) {
    storeLanes(to, affine(v128.load32_zero(from), order, scale, offset), 3);
    from += 4;
    to += stride;
  }
}

/** Kernel `unpack_rgba`: tile `index`, a range of pixels. */
export function unpack_rgba(params: usize, index: i32): void {
  const stride = <usize> word(params, 3), first = index * word(params, 4);
  const count = min(word(params, 4), word(params, 1) - first);
  unpackPixels(
    <usize> word(params, 0) + (<usize> first << 2),
    <usize> word(params, 2) + <usize> first * stride,
    stride,
    count,
    params + 20,
  );
}
