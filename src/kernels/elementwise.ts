/**
 * Writes commands for `asm/unary.ts`, `asm/binary.ts`, `asm/softmax.ts` and `asm/l2_normalize.ts`: kernels over rows of channels.
 *
 * @module
 */

import { CLIP } from "../../asm/kernels.ts";
import { channelsOf, rowsOf } from "../tensor.ts";
import { type Emitter, isDense, type Limits, limitWords, tileRows, type View, type Word } from "./emitter.ts";

/** A command's opcode with the name it goes by in profiles. */
export interface ElementwiseKernel {
  readonly opcode: number;
  readonly kernel: string;
}

/** Rows longer than this are cut no further; shorter ones of dense tensors are joined so that rows are cheap. */
const ROW_FLOATS = 4096;

/** Views of the same shape as `[rows, c]`: if all are dense, as few long rows as divide them evenly. */
function asRows(views: readonly View[]): [rows: number, floats: number] {
  const rows = rowsOf(views[0].shape), floats = channelsOf(views[0].shape);
  if (!views.every(isDense)) return [rows, floats];
  let factor = 1;
  for (let f = 2; f <= rows && floats * f <= ROW_FLOATS; f++) if (rows % f === 0) factor = f;
  return [rows / factor, floats * factor];
}

/** Emits output = f(input), shapes alike; `parameters` are the function's two. */
export function emitUnary(
  kernel: ElementwiseKernel,
  input: View,
  output: View,
  parameters: readonly [a: number, b: number],
  emitter: Emitter,
): void {
  const [rows, floats] = asRows([input, output]);
  const words = parameters.map((f32) => ({ f32 }));
  emitRows(kernel, input, output, rows, floats, words, "element-wise", emitter);
}

/** Emits a copy between views of the same number of rows. */
export function emitCopy(input: View, output: View, reason: string, emitter: Emitter): void {
  const [rows, floats] = asRows([input, output]);
  emitRows(
    { opcode: CLIP, kernel: "copy" },
    input,
    output,
    rows,
    floats,
    limitWords(undefined),
    reason,
    emitter,
  );
}

/** Emits output = f(a, b); `b` has the shape of `a`, or is one row that is repeated. */
export function emitBinary(
  kernel: ElementwiseKernel,
  a: View,
  b: View,
  output: View,
  limits: Limits | undefined,
  emitter: Emitter,
): void {
  const repeated = rowsOf(b.shape) === 1 && rowsOf(a.shape) !== 1;
  const [rows, floats] = repeated ? [rowsOf(a.shape), channelsOf(a.shape)] : asRows([a, b, output]);
  const joined = floats !== channelsOf(a.shape);
  const stride = repeated ? 0 : joined ? floats * 4 : b.stride;
  const words = [...limitWords(limits), b.address, stride];
  emitRows(kernel, a, output, rows, floats, words, repeated ? "one row repeated" : "same shapes", emitter);
}

/** Emits a function of whole vectors of the last axis. */
export function emitVectors(
  kernel: ElementwiseKernel,
  input: View,
  output: View,
  words: readonly Word[],
  emitter: Emitter,
): void {
  emitRows(kernel, input, output, rowsOf(input.shape), channelsOf(input.shape), words, "last axis", emitter);
}

function emitRows(
  { opcode, kernel }: ElementwiseKernel,
  input: View,
  output: View,
  rows: number,
  floats: number,
  more: readonly Word[],
  reason: string,
  emitter: Emitter,
): void {
  const joined = floats !== channelsOf(input.shape);
  const perTile = tileRows(rows, floats * 8, emitter.host);
  emitter.emit({
    opcode,
    kernel,
    reason,
    tiles: Math.ceil(rows / perTile),
    words: [
      input.address,
      joined ? floats * 4 : input.stride,
      rows,
      floats,
      output.address,
      joined ? floats * 4 : output.stride,
      perTile,
      ...more,
    ],
  });
}
