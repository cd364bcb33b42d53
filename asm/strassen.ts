/**
 * Products by one level of Strassen's algorithm in Winograd's form (Knuth, The Art of Computer Programming 2, 4.6.4, exercise 1): with A, W and C cut into halves
 * along each axis, seven products of halves do for eight.
 *
 *     S1 = A21 + A22   S2 = S1 - A11   S3 = A11 - A21    S4 = A12 - S2
 *     T1 = W12 - W11   T2 = W22 - T1   T3 = W22 - W12    T4 = T2 - W21
 *     U = A11 W11      C11 = U + A12 W21
 *     V = (U += S2 T2) + S3 T3         C21 = V - A22 T4
 *     P = S1 T1        C22 = V + P     C12 = (U += P) + S4 W22
 *
 * The upper half of the rows of A and C is every other row, so that a tile is rows in a piece, which threads find in the caches that they left them in; the right
 * half of the columns of W is every other panel, so that a pair of panels lies together and needs but U, V and P of its own. Sums of W are made pair by pair and
 * tile by tile: read in the order in which they lie, weights come from memory faster than seven products would ask for them, and a packed seven quarters of them
 * would have to come from there too. U carries the bias of the left panel, P the difference of both.
 *
 * A panel is packed as two: its bias and the first half of its rows, then a bias of 0 and the others.
 *
 * A that is normalised first (preactivated_pointwise.ts) is packed into scratch memory, tile by tile.
 *
 * Parameter block: 0-11 as in gemm.ts, K a multiple of 16; 12 pairs of rows a tile; 13-19 the grid of tiles and the activation as in gemm.ts; 20
 * scratch memory of this thread; 21-23 shifts and scales of A, and their clamp (f32), or 0.
 */
import { rowTile } from "./gemm";
import { panel } from "./panel";
import { pack } from "./preactivated_pointwise";
import { AARCH64, clamp, storeLanes, word } from "./simd";
import { activate, leaky, slopeOf } from "./unary";

/** Columns and bytes of a row of a panel. */
const WIDTH: i32 = AARCH64 ? 16 : 8, ROW: usize = AARCH64 ? 64 : 32;

/** Columns up to which a right panel is multiplied without halves, since it is packed narrower. */
const NARROW: i32 = AARCH64 ? 8 : 0;

/** Bytes between buffers that are walked side by side, so that their lines do not meet in the same sets of a cache, nor loads wait for stores of the same last bits. */
const PAD: usize = 320;

/** S1 to S4, `step` bytes apart, of one row of each half; `half` bytes of each quarter. */
function addQuarters(upper: usize, lower: usize, lowerRight: usize, to: usize, step: usize, half: usize): void {
  const end = to + half;
  let upperRight = upper + half;
  let s2 = to + step, s3 = s2 + step, s4 = s3 + step;
  do {
    {
      const a11 = v128.load(upper), a21 = v128.load(lower);
      const x1 = f32x4.add(a21, v128.load(lowerRight)), x2 = f32x4.sub(x1, a11);
      v128.store(to, x1);
      v128.store(s2, x2);
      v128.store(s3, f32x4.sub(a11, a21));
      v128.store(s4, f32x4.sub(v128.load(upperRight), x2));
    }
    {
      const a11 = v128.load(upper, 16), a21 = v128.load(lower, 16);
      const x1 = f32x4.add(a21, v128.load(lowerRight, 16)), x2 = f32x4.sub(x1, a11);
      v128.store(to, x1, 16);
      v128.store(s2, x2, 16);
      v128.store(s3, f32x4.sub(a11, a21), 16);
      v128.store(s4, f32x4.sub(v128.load(upperRight, 16), x2), 16);
    }
    upper += 32;
    lower += 32;
    upperRight += 32;
    lowerRight += 32;
    to += 32;
    s2 += 32;
    s3 += 32;
    s4 += 32;
  } while (to < end);
}

/** `addQuarters` for `upper` rows of A, of which the first `lower` have a partner. */
function addHalves(a: usize, aLower: usize, lda: usize, upper: i32, lower: i32, to: usize, step: usize, half: usize): void {
  for (let m = 0; m < lower; ++m) {
    addQuarters(a, aLower, aLower + half, to, step, half);
    a += lda;
    aLower += lda;
    to += half;
  }
  if (lower < upper) {
    // The row without partner is paired with zeros, which become their own sum.
    memory.fill(to, 0, half);
    addQuarters(a, to, to, to, step, half);
  }
}

/** T1, with the difference of the biases, T2, T3 and -T4, `step` bytes apart, of the left panel at `w` and the right one behind it; `half` bytes of each half of a panel. */
function subtractPanels(w: usize, to: usize, step: usize, half: usize): void {
  const end = to + half;
  let lower = w + half, right = lower + half, lowerRight = right + half;
  let t2 = to + step, t3 = t2 + step, t4 = t3 + step;
  do {
    {
      const w12 = v128.load(right), w22 = v128.load(lowerRight);
      const x1 = f32x4.sub(w12, v128.load(w)), x2 = f32x4.sub(w22, x1);
      v128.store(to, x1);
      v128.store(t2, x2);
      v128.store(t3, f32x4.sub(w22, w12));
      v128.store(t4, f32x4.sub(v128.load(lower), x2));
    }
    {
      const w12 = v128.load(right, 16), w22 = v128.load(lowerRight, 16);
      const x1 = f32x4.sub(w12, v128.load(w, 16)), x2 = f32x4.sub(w22, x1);
      v128.store(to, x1, 16);
      v128.store(t2, x2, 16);
      v128.store(t3, f32x4.sub(w22, w12), 16);
      v128.store(t4, f32x4.sub(v128.load(lower, 16), x2), 16);
    }
    w += 32;
    right += 32;
    lower += 32;
    lowerRight += 32;
    to += 32;
    t2 += 32;
    t3 += 32;
    t4 += 32;
  } while (to < end);
  memory.fill(t2 - half, 0, ROW);
  memory.fill(t3 - half, 0, ROW);
  memory.fill(t4 - half, 0, ROW);
}

/** to[m] = from[m] + r[m] for `rows` rows of a panel of `n` columns; rows of `to` and `from` lie back to back. */
function addRows(to: usize, from: usize, r: usize, ldr: usize, rows: i32, n: i32): void {
  for (; rows > 0; --rows) {
    for (let i: usize = 0; i < ROW && <i32> i < n << 2; i += 16) v128.store(to + i, f32x4.add(v128.load(from + i), v128.load(r + i)));
    to += ROW;
    from += ROW;
    r += ldr;
  }
}

/** Adds P to U, and V (with the residual, if any) to P for C22 = clamp(leaky(P)), which has `lower` of the `upper` rows and `n` columns. */
function combine(u: usize, v: usize, p: usize, r: usize, ldr: usize, c: usize, ldc: usize, upper: i32, lower: i32, lo: v128, hi: v128, n: i32, slope: usize): void {
  for (let i: usize = 0, end = <usize> upper * ROW; i < end; i += 32) {
    const p0 = v128.load(p + i), p1 = v128.load(p + i, 16);
    v128.store(u + i, f32x4.add(v128.load(u + i), p0));
    v128.store(u + i, f32x4.add(v128.load(u + i, 16), p1), 16);
    v128.store(p + i, f32x4.add(v128.load(v + i), p0));
    v128.store(p + i, f32x4.add(v128.load(v + i, 16), p1), 16);
  }
  for (; lower > 0; --lower) {
    for (let i: usize = 0, left = n; i < ROW && left > 0; i += 16, left -= 4) {
      let x = v128.load(p + i);
      if (r) x = f32x4.add(x, v128.load(r + i));
      if (slope) x = leaky(x, v128.load32_splat(slope));
      storeLanes(c + i, clamp(x, lo, hi), left);
    }
    p += ROW;
    r += ldr;
    c += ldc;
  }
}

/** Kernel `strassen`: tile `index` of the product; `local` is the offset of this thread's workspace. */
export function strassen(params: usize, index: i32, local: usize): void {
  const grid = params + 52, activation = grid + 16;
  const cRow = <usize> word(params, 7), ldc = cRow << 1;
  const tileRows = word(params, 12), first = rowTile(grid, index) * tileRows << 1;
  const rows = min(tileRows << 1, word(params, 2) - first), upper = (rows + 1) >> 1, lower = rows >> 1;
  const column = word(grid, 0) * (word(grid, 2) ? index / word(grid, 1) : index % word(grid, 1));
  const columns = min(word(grid, 0), word(params, 4) - column);
  const half = word(params, 3) >> 1, k = <usize> half << 2, panelBytes = <usize> (half + 1) * ROW;
  const aRow = <usize> word(params, 1);
  let lda = aRow << 1;
  let a = <usize> word(params, 0) + <usize> first * aRow, aLower = a + aRow;
  let w = <usize> word(params, 5) + (<usize> column << 3) * <usize> (half + 1);
  const c = <usize> word(params, 6) + <usize> first * cRow + (<usize> column << 2);
  let r = <usize> word(params, 8);
  const rRow: usize = r ? <usize> word(params, 9) : 0, ldr = rRow << 1;
  if (r) r += <usize> first * rRow + (<usize> column << 2);
  const least = load<f32>(params, 40), most = load<f32>(params, 44);

  const sBytes = <usize> upper * k + PAD, tBytes = panelBytes + PAD, uBytes = <usize> upper * ROW;
  const s1 = <usize> word(params, 20) + local, s2 = s1 + sBytes, s3 = s2 + sBytes, s4 = s3 + sBytes;
  const t1 = s4 + sBytes, t2 = t1 + tBytes, t3 = t2 + tBytes, t4 = t3 + tBytes;
  const u = t4 + tBytes, v = u + uBytes, p = v + uBytes;
  const slope = slopeOf(activation);
  const lo = f32x4.splat(least), hi = f32x4.splat(most);
  const none: f32 = -Infinity, all: f32 = Infinity;

  const affine = params + 84;
  if (word(affine, 0)) {
    pack(affine, 2 * half, a, aRow, rows, p + uBytes, 2 * k);
    a = p + uBytes;
    aLower = a + 2 * k;
    lda = 4 * k;
  }
  addHalves(a, aLower, lda, upper, lower, s1, sBytes, k);
  for (let n = 0; n < columns;) {
    const left = <usize> n << 2, right = left + ROW, some = columns - n - WIDTH;
    const cTop = c + left, rTop = r ? r + left : 0;
    if (some > NARROW) {
      subtractPanels(w, t1, tBytes, panelBytes);
      panel(upper, 1, 0, a, lda, half, w, u, ROW, 0, 0, none, all, WIDTH, 0);
      if (r) addRows(p, u, rTop, ldr, upper, WIDTH);
      panel(upper, 1, 0, a + k, lda, half, w + panelBytes, cTop, ldc, r ? p : u, ROW, least, most, WIDTH, slope);
      panel(upper, 1, 0, s2, k, half, t2, u, ROW, u, ROW, none, all, WIDTH, 0);
      panel(upper, 1, 0, s3, k, half, t3, v, ROW, u, ROW, none, all, WIDTH, 0);
      panel(upper, 1, 0, s1, k, half, t1, p, ROW, 0, 0, none, all, WIDTH, 0);
      combine(u, v, p, r ? rTop + rRow + ROW : 0, ldr, c + cRow + right, ldc, upper, lower, lo, hi, some, slope);
      if (r) {
        addRows(v, v, rTop + rRow, ldr, lower, WIDTH);
        addRows(u, u, rTop + ROW, ldr, upper, some);
      }
      panel(lower, 1, 0, aLower + k, lda, half, t4, cTop + cRow, ldc, v, ROW, least, most, WIDTH, slope);
      panel(upper, 1, 0, s4, k, half, w + 3 * panelBytes, c + right, ldc, u, ROW, least, most, some, slope);
      w += 4 * panelBytes;
      n += 2 * WIDTH;
    } else {
      const width = columns - n, lowerBytes = AARCH64 && width <= 8 ? panelBytes >> 1 : panelBytes;
      panel(upper, 1, 0, a, lda, half, w, u, ROW, 0, 0, none, all, width, 0);
      panel(lower, 1, 0, aLower, lda, half, w, v, ROW, 0, 0, none, all, width, 0);
      if (r) {
        addRows(u, u, rTop, ldr, upper, width);
        addRows(v, v, rTop + rRow, ldr, lower, width);
      }
      panel(upper, 1, 0, a + k, lda, half, w + lowerBytes, cTop, ldc, u, ROW, least, most, width, slope);
      panel(lower, 1, 0, aLower + k, lda, half, w + lowerBytes, cTop + cRow, ldc, v, ROW, least, most, width, slope);
      w += 2 * panelBytes;
      n += WIDTH;
    }
  }
  if (!slope) activate(activation, c, cRow, rows, columns);
}
