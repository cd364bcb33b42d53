/**
 * Writes commands for `asm/gemm.ts` and packs its weights.
 *
 * @module
 */

import { GEMM } from "../../asm/kernels.ts";
import { rowsOf } from "../tensor.ts";
import {
  activationWords,
  type Address,
  type Emitter,
  type Epilogue,
  type Host,
  limitWords,
  subview,
  tileRows,
  tileWork,
  type View,
  withActivation,
  type Word,
} from "./emitter.ts";
import { type GemmWeights, packPanels, registerTile } from "./panel.ts";

/** Most bytes of A that a tile walks for every panel: they are to stay in a small L2 cache. */
const A_BLOCK_BYTES = 384 * 1024;

/** Register tiles that should share a panel of weights; fewer only where there are no more rows. */
const LEAST_BLOCKS = 6;

/** How a product `[m, k] x [k, n]` is cut into tiles. */
export interface Grid {
  /** Rows of a tile. */
  readonly rows: number;
  /** Tiles in all. */
  readonly tiles: number;
  /** Columns of a tile, tiles along the inner axis, whether that is the rows, panels together. */
  readonly words: readonly [columns: number, inner: number, rowsInner: number, together: number];
}

/** Least K of which a register tile takes longer than the call that it costs to leave a panel after each. */
const LEAST_DEPTH = 128;
/** Most K of which five rows of A and a panel of weights lie side by side in an L1 cache of 32 KiB. */
const MOST_DEPTH = 512;
/** Bytes of weights that a register tile's rows run through before the next rows do: these find them in a small L2 cache. */
const GROUP_BYTES = 256 * 1024;

/**
 * Whether the weights of a product `[m, k] x [k, n]` are read on and on (`multiply` in `asm/gemm.ts`): with fewer rows than that, more than what it costs is lost by
 * waiting for them. Measured on x86-64, whose prefetchers decide it.
 */
function streamsWeights(m: number, k: number, { arch }: Host): boolean {
  return arch === "x86-64" && k >= LEAST_DEPTH && m <= 2 * k;
}

/** Panels of weights that each register tile's rows run through before the next rows do. */
export function panelsTogether(m: number, k: number, host: Host): number {
  if (!streamsWeights(m, k, host)) return 1;
  return Math.max(1, Math.floor(GROUP_BYTES / (4 * registerTile(host).columns * (k + 1))));
}

/**
 * Cuts a product into tiles of alike work. As many rows as cache holds share each panel of weights; where that is too much work, the columns are cut too. The
 * greater operand is read from memory once: its blocks are the outer axis. Columns are cut at multiples of `leastColumns`, rounded up to whole panels.
 */
export function cutProduct(m: number, k: number, n: number, host: Host, leastColumns = 1): Grid {
  const tile = registerTile(host);
  const most = A_BLOCK_BYTES / (k * 4);
  const macsPerRow = Math.min(n * k, tileWork(host) / (LEAST_BLOCKS * tile.rows));
  const rowsInner = n > m;
  // Threads share the greater operand, so that each reads but a part of it.
  const rows = tileRows(m, macsPerRow, host, tile.rows, most, rowsInner ? 1 : host.threads);
  const down = Math.ceil(m / rows);
  const columns = tileRows(
    n,
    rows * k,
    host,
    Math.ceil(leastColumns / tile.columns) * tile.columns,
    Infinity,
    down % host.threads === 0 ? 1 : host.threads,
  );
  const across = Math.ceil(n / columns);
  return {
    rows,
    tiles: down * across,
    words: [columns, rowsInner ? down : across, rowsInner ? 1 : 0, panelsTogether(m, k, host)],
  };
}

/** Words 0-12 of the parameter block, which other kernels share. */
export function gemmWords(
  a: Address,
  lda: number,
  weights: GemmWeights,
  output: View,
  epilogue: Epilogue,
  rows: number,
  emitter: Emitter,
  packed: Address = packPanels(weights, emitter),
): Word[] {
  const [lo, hi] = limitWords(epilogue.limits);
  return [
    a,
    lda,
    rowsOf(output.shape),
    weights.k,
    weights.n,
    packed,
    output.address,
    output.stride,
    epilogue.residual?.address ?? 0,
    epilogue.residual?.stride ?? 0,
    lo,
    hi,
    rows,
  ];
}

/** A product over some of K: its first channel of A, its weights, and what becomes of its sums. */
export interface DepthPart {
  readonly from: number;
  readonly weights: GemmWeights;
  readonly epilogue: Epilogue;
}

/** Cuts a product of `m` rows whose weights are streamed along K; each part but the first adds to what `output` holds of the ones before. */
export function cutDepth(
  m: number,
  weights: GemmWeights,
  output: View,
  epilogue: Epilogue,
  host: Host,
): DepthPart[] {
  const { data, columns, k: depth, bias } = weights;
  const cut = m > registerTile(host).rows && streamsWeights(m, depth, host);
  const most = cut ? Math.ceil(depth / Math.ceil(depth / MOST_DEPTH) / 4) * 4 : depth;
  return Array.from({ length: Math.ceil(depth / most) }, (_, part) => {
    const from = part * most, k = Math.min(most, depth - from), last = from + k === depth;
    return {
      from,
      weights: { ...weights, data: data.subarray(from * columns), k, bias: part === 0 ? bias : undefined },
      epilogue: {
        ...(last && epilogue),
        residual: part === 0 ? epilogue.residual : output,
      },
    };
  });
}

/** Emits output = input x weights over all rows of `input`. */
export function emitGemm(
  input: View,
  weights: GemmWeights,
  output: View,
  epilogue: Epilogue,
  reason: string,
  emitter: Emitter,
): void {
  const { host } = emitter, { rows, columns } = registerTile(host);
  const m = rowsOf(output.shape);
  for (const part of cutDepth(m, weights, output, epilogue, host)) {
    const { k, n } = part.weights;
    const grid = cutProduct(m, k, n, host);
    const a = subview(input, 0, part.from, [...input.shape.slice(0, -1), k]);
    emitter.emit({
      opcode: GEMM,
      kernel: withActivation(`gemm_${rows}x${columns}`, epilogue.activation),
      reason,
      tiles: grid.tiles,
      words: [
        ...gemmWords(a.address, a.stride, part.weights, output, part.epilogue, grid.rows, emitter),
        ...grid.words,
        ...activationWords(part.epilogue.activation),
      ],
    });
  }
}
