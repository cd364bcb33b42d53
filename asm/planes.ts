/** Pixels whose three channels lie in planes, side by side. Loads and stores are exact. */

/** Writes `count` pixels of three planes, `plane` bytes apart, back to back: r g b r, g b r g, b r g b, and so on. */
export function interleave(from: usize, plane: usize, to: usize, count: i32): void {
  let green = from + plane, blue = green + plane;
  for (; count >= 4; count -= 4) {
    const r = v128.load(from), g = v128.load(green), b = v128.load(blue);
    v128.store(to, i32x4.shuffle(i32x4.shuffle(r, g, 0, 4, 1, 5), b, 0, 1, 4, 2));
    v128.store(to, i32x4.shuffle(i32x4.shuffle(g, b, 1, 5, 2, 6), r, 0, 1, 6, 2), 16);
    v128.store(to, i32x4.shuffle(b, i32x4.shuffle(r, g, 3, 7, 3, 7), 2, 4, 5, 3), 32);
    from += 16;
    green += 16;
    blue += 16;
    to += 48;
  }
  for (; count > 0; --count) {
    store<f32>(to, load<f32>(from));
    store<f32>(to, load<f32>(green), 4);
    store<f32>(to, load<f32>(blue), 8);
    from += 4;
    green += 4;
    blue += 4;
    to += 12;
  }
}
