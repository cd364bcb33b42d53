/**
 * What is kept of the models' answers, and how it reads.
 *
 * @module
 */

import { HostError } from "../../src/errors.ts";
import { markdownTable, percent } from "../support/markdown.ts";
import { CORES } from "./cores.ts";
import type { HotLoop } from "./hot_loops.ts";
import type { Instruction } from "./instruction.ts";
import { hotLoop, innerLoops, unroll } from "./loops.ts";

/** One loop. */
export interface LoopData {
  readonly name: string;
  /** What one iteration makes. */
  readonly unit: string;
  /** f32 multiply-adds an iteration; 0 for what has none that count. */
  readonly macs: number;
  readonly instructions: number;
  /** Loads and stores of registers on the stack. */
  readonly spills: number;
  /** Cycles an iteration by core. */
  readonly cycles: Readonly<Record<string, number>>;
}

/** All loops, and what the answers depend on beside the kernels. */
export interface ArmData {
  readonly simdet: string;
  readonly date: string;
  readonly deno: string;
  readonly v8: string;
  readonly qemu: string;
  readonly objdump: string;
  readonly llvmMca: string;
  readonly loops: readonly LoopData[];
}

/** All ways to choose a number from 0 to each of `most`. */
function* choices([first, ...rest]: readonly number[]): Generator<number[]> {
  if (first === undefined) return yield [];
  for (let n = first; n >= 0; n--) for (const others of choices(rest)) yield [n, ...others];
}

/**
 * The instructions of one iteration of a loop. How often an inner loop jumps back is tried out, since V8 may peel or unroll it.
 *
 * @throws {HostError} If there is no such iteration in the code.
 */
export function iterationOf(loop: HotLoop, code: readonly Instruction[]): readonly Instruction[] {
  const found = hotLoop(code, loop.levels ?? 0);
  const most = loop.jumps ?? [];
  if (found && innerLoops(code, found).length === most.length) {
    for (const jumps of choices(most)) {
      const body = unroll(code, found, jumps, loop.has);
      if (body) return body;
    }
  }
  throw new HostError(
    `Cannot model ${loop.name}: no loop of ${loop.function} has ${loop.has[1]} instructions of kind ${
      loop.has[0]
    } an iteration`,
  );
}

/** The table of docs/arm.md. */
export function armTable(data: ArmData): string {
  const cell = ({ macs, cycles }: LoopData, core: string, peak: number) =>
    macs > 0
      ? `${(macs / cycles[core]).toFixed(2)} (${percent(macs / cycles[core] / peak)})`
      : `${cycles[core].toFixed(0)} cycles`;
  const table = markdownTable(
    ["loop", "instructions", "spills", ...CORES.map(({ name }) => name)],
    data.loops.map((loop) => [
      `${loop.name}: ${loop.unit}`,
      String(loop.instructions),
      String(loop.spills),
      ...CORES.map(({ name, peak }) => cell(loop, name, peak)),
    ]),
  );
  return `${table}

Simdet ${data.simdet}, Deno ${data.deno} (V8 ${data.v8}), llvm-mca ${data.llvmMca}, QEMU ${data.qemu}, ${data.date}.`;
}
