/**
 * Cycles of straight code on the Cortex-A53: two instructions a cycle, strictly in order. LLVM's own model of this core writes results back in order too,
 * which the core does not, and makes multiply-add code two to three times too slow; hence this one.
 *
 * Each cycle at most one instruction on vectors, one load or store, and one branch. A load of a whole vector keeps the vector unit and the load unit for two cycles,
 * a store of one the store unit for two. A multiply-add takes 8 cycles, 4 if the next one adds to it.
 *
 * @module
 */

import { type Instruction, type Unit, unitOf } from "./instruction.ts";

/** Cycles until a result may be used. */
const LATENCY: Readonly<Record<Unit, number>> = {
  "fma": 8,
  "fp": 4,
  "vector": 3,
  "load": 4,
  "splat": 4,
  "load-word": 3,
  "store": 1,
  "store-word": 1,
  "branch": 1,
  "integer": 1,
};
/** Cycles from a multiply-add to another that adds to its result. */
const ACCUMULATE = 4;
/** Cycles that a load or store of a whole vector takes. */
const WHOLE = 2;

const VECTOR: ReadonlySet<Unit> = new Set<Unit>(["fma", "fp", "vector", "load", "splat"]);
const MEMORY: ReadonlySet<Unit> = new Set<Unit>(["load", "splat", "load-word", "store", "store-word"]);

/** Registers that an instruction reads and writes; all widths of a vector register count as one. */
interface Operation {
  readonly unit: Unit;
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  /** The register that a multiply-add adds to. */
  readonly sum?: string;
}

function decode(instruction: Instruction): Operation {
  const { mnemonic, operands } = instruction;
  const unit = unitOf(instruction);
  const registers = [...operands.matchAll(/\b(?:([vqds])(\d+)|([xw])(\d+)|(sp))\b/g)]
    .map(([, vector, v, , x]) => vector ? `v${v}` : x === undefined ? "sp" : `x${x}`);
  if (unit === "branch") {
    return { unit, reads: mnemonic.startsWith("b.") ? ["flags"] : registers, writes: [] };
  }
  if (unit === "store" || unit === "store-word") return { unit, reads: registers, writes: [] };
  if (/^(cmp|cmn|tst)$/.test(mnemonic)) return { unit, reads: registers, writes: ["flags"] };
  const results = mnemonic === "ldp" ? 2 : 1;
  const writes = registers.slice(0, results), reads = registers.slice(results);
  if (unit === "fma") return { unit, reads, writes, sum: writes[0] };
  if (/^(ins|mla|bsl|bit|bif)$/.test(mnemonic)) reads.push(writes[0]);
  if (/^(adds|subs)$/.test(mnemonic)) writes.push("flags");
  return { unit, reads, writes };
}

/** Cycles of one iteration of `body` in steady state. */
export function inOrderCycles(body: readonly Instruction[], iterations = 40): number {
  const operations = body.map(decode);
  const ready = new Map<string, number>(), readyToSum = new Map<string, number>();
  let now = 0, slots = 2, branched = false, vectorFree = 0, memoryFree = 0;
  const advance = (to: number) => {
    if (to > now) [now, slots, branched] = [to, 2, false];
  };
  const ends: number[] = [];
  for (let i = 0; i < iterations; i++) {
    for (const { unit, reads, writes, sum } of operations) {
      if (slots === 0 || (unit === "branch" && branched)) advance(now + 1);
      advance(Math.max(0, ...reads.map((name) => ready.get(name) ?? 0)));
      if (sum !== undefined) advance(readyToSum.get(sum) ?? 0);
      if (VECTOR.has(unit)) advance(vectorFree);
      if (MEMORY.has(unit)) advance(memoryFree);
      slots--;
      if (unit === "branch") branched = true;
      if (VECTOR.has(unit)) vectorFree = now + (unit === "load" ? WHOLE : 1);
      if (MEMORY.has(unit)) memoryFree = now + (unit === "load" || unit === "store" ? WHOLE : 1);
      for (const name of writes) {
        ready.set(name, now + LATENCY[unit]);
        readyToSum.set(name, now + (unit === "fma" ? ACCUMULATE : LATENCY[unit]));
      }
    }
    ends.push(now);
  }
  const half = iterations >> 1;
  return (ends[iterations - 1] - ends[half - 1]) / (iterations - half);
}
