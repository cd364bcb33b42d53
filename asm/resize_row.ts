/**
 * Bilinear resize of RGBA bytes with normalisation: two source rows in, one row of 3 floats a pixel out, `x * scale + offset` for each channel.
 *
 * `columns` holds, for each output column, the byte offsets of its left and right source pixel (i32) and the weight of the right one (f32).
 * `affine` holds scale[4] and offset[4], the fourth lane 0. Each output pixel is stored as 4 floats of which the next overwrites the last: the row
 * ends 4 bytes further.
 */

/** The four bytes at `p` as floats. */
@inline
function pixel(p: usize): v128 {
  return f32x4.convert_i32x4_u(u16x8ToU32(i16x8.extend_low_i8x16_u(v128.load32_zero(p))));
}

@inline
function u16x8ToU32(x: v128): v128 {
  return i32x4.extend_low_i16x8_u(x);
}

/** Kernel `resize_row`: top + (bottom - top) * ratio, where top and bottom are interpolated along x the same way. */
export function resize_row(
  top: usize,
  bottom: usize,
  ratio: f32,
  columns: usize,
  width: i32,
  affine: usize,
  output: usize,
): void {
  const scale = v128.load(affine), offset = v128.load(affine, 16);
  const down = f32x4.splat(ratio);
  for (let x = 0; x < width; ++x) {
    const left = <usize> load<i32>(columns), right = <usize> load<i32>(columns, 4);
    const across = v128.load32_splat(columns, 8);
    const tl = pixel(top + left), bl = pixel(bottom + left);
    const t = f32x4.add(tl, f32x4.mul(f32x4.sub(pixel(top + right), tl), across));
    const b = f32x4.add(bl, f32x4.mul(f32x4.sub(pixel(bottom + right), bl), across));
    const v = f32x4.add(t, f32x4.mul(f32x4.sub(b, t), down));
    v128.store(output, f32x4.add(f32x4.mul(v, scale), offset));
    columns += 12;
    output += 12;
  }
}
