/**
 * Loops of machine code, and the way through them that full vectors take.
 *
 * @module
 */

import { type Instruction, isUnconditional, targetOf, type Unit, unitOf } from "./instruction.ts";

/** A range of instructions whose last jumps to the first. */
export interface Loop {
  readonly head: number;
  /** Index of the last branch to the head. */
  readonly last: number;
}

/** Loops of a function, inner ones behind the ones they lie in. Code behind the first return, which is for rare cases, is left out. */
export function findLoops(code: readonly Instruction[]): Loop[] {
  const indices = new Map(code.map(({ address }, i) => [address, i]));
  const ret = code.findIndex(({ mnemonic }) => mnemonic === "ret");
  const lasts = new Map<number, number>();
  code.slice(0, ret < 0 ? code.length : ret).forEach((instruction, i) => {
    const head = indices.get(targetOf(instruction) ?? -1);
    if (head !== undefined && head <= i) lasts.set(head, i);
  });
  const loops = [...lasts].sort(([a], [b]) => a - b);
  // A branch back to an inner loop may lie behind the last branch back to the outer one: from the innermost out, each takes in what begins in it.
  for (let i = loops.length - 1; i >= 0; i--) {
    for (const [head, last] of loops.slice(i + 1)) {
      if (head <= loops[i][1]) loops[i][1] = Math.max(loops[i][1], last);
    }
  }
  return loops.map(([head, last]) => ({ head, last }));
}

function contains(outer: Loop, inner: Loop): boolean {
  return outer.head <= inner.head && inner.last <= outer.last &&
    outer.last - outer.head > inner.last - inner.head;
}

/** How many instructions of a loop do arithmetic on vectors. */
function work(code: readonly Instruction[], { head, last }: Loop): number {
  return code.slice(head, last + 1).filter((i) => ["fma", "fp", "vector"].includes(unitOf(i))).length;
}

/** The innermost loop with the most vector arithmetic, or the loop so many `levels` around it; `undefined` if there is none. */
export function hotLoop(code: readonly Instruction[], levels: number): Loop | undefined {
  const loops = findLoops(code);
  const innermost = loops.filter((loop) => !loops.some((other) => contains(loop, other)));
  const [hot] = innermost.sort((a, b) => work(code, b) - work(code, a));
  return hot && [hot, ...loops.filter((loop) => contains(loop, hot)).reverse()][levels];
}

/** A way through code. */
interface Way {
  readonly instructions: readonly Instruction[];
  readonly stores: number;
}

/** That which stores more whole vectors, then the shorter. */
function better(a: Way | undefined, b: Way | undefined): Way | undefined {
  if (!a || !b) return a ?? b;
  if (a.stores !== b.stores) return a.stores > b.stores ? a : b;
  return a.instructions.length <= b.instructions.length ? a : b;
}

/** How many instructions a unit executes. */
export function countUnit(code: readonly Instruction[], unit: Unit): number {
  return code.filter((instruction) => unitOf(instruction) === unit).length;
}

/**
 * The instructions of one iteration of a loop, in order, those of inner loops as often as they run: `jumps[i]` times back to the head of the i-th loop
 * inside. Of all ways with exactly `count` instructions for `unit` it is the one with the most stores of whole vectors, then the shortest.
 *
 * @returns `undefined` if there is no such way.
 */
export function unroll(
  code: readonly Instruction[],
  loop: Loop,
  jumps: readonly number[],
  [unit, count]: readonly [Unit, number],
): readonly Instruction[] | undefined {
  const indices = new Map(code.map(({ address }, i) => [address, i]));
  const inner = innerLoops(code, loop);
  const known = new Map<string, Way | undefined>();

  /** Jumps left of each inner loop after going from one instruction to another; `undefined` where that may not be. */
  const jumpsAfter = (from: number, to: number, left: readonly number[]): readonly number[] | undefined => {
    if (to < loop.head || to > loop.last) return undefined;
    const after = [...left];
    for (const [i, { head, last }] of inner.entries()) {
      if (from < head || from > last) continue;
      if (to < head || to > last) {
        if (after[i] > 0) return undefined;
        after[i] = jumps[i];
      } else if (to === head && after[i]-- === 0) {
        return undefined;
      }
    }
    return after;
  };

  const from = (at: number, left: readonly number[], missing: number): Way | undefined => {
    const key = `${at} ${left} ${missing}`;
    if (known.has(key)) return known.get(key);
    // All up to the next branch or loop at once, so that the recursion stays shallow.
    let end = at;
    while (
      end < loop.last && targetOf(code[end]) === undefined && !inner.some(({ head }) => head === end + 1)
    ) end++;
    const run = code.slice(at, end + 1);
    const missingAfter = missing - countUnit(run, unit);
    const goTo = (to: number | undefined): Way | undefined => {
      if (to === undefined || missingAfter < 0) return undefined;
      const after = jumpsAfter(end, to, left);
      if (after && to === loop.head) return missingAfter === 0 ? { instructions: [], stores: 0 } : undefined;
      return after && from(to, after, missingAfter);
    };
    const rest = better(
      goTo(indices.get(targetOf(code[end]) ?? -1)),
      isUnconditional(code[end]) ? undefined : goTo(end + 1),
    );
    const way = rest && {
      instructions: [...run, ...rest.instructions],
      stores: countUnit(run, "store") + rest.stores,
    };
    known.set(key, way);
    return way;
  };
  return from(loop.head, jumps, count)?.instructions;
}

/** The loops inside a loop, in order of their heads. */
export function innerLoops(code: readonly Instruction[], loop: Loop): Loop[] {
  return findLoops(code).filter((other) => contains(loop, other));
}
