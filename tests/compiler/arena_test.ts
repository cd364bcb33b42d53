import { assert, assertEquals } from "@std/assert";
import { type Lifetime, planArena } from "../../src/compiler/arena.ts";
import { Random, seedOf } from "../support/random.ts";

Deno.test("buffers that live at the same time never overlap", () => {
  const seed = seedOf(21), random = new Random(seed);
  for (let round = 0; round < 200; round++) {
    const lifetimes: Lifetime[] = Array.from({ length: random.integer(1, 40) }, (_, i) => {
      const first = random.integer(-1, 30);
      return { name: `${i}`, bytes: random.integer(1, 5000), first, last: first + random.integer(0, 6) };
    });
    const one = planArena(lifetimes), several = planArena(lifetimes, random.integer(2, 4));
    assert(several.bytes <= one.bytes, `seed ${seed}, round ${round}`);
    const { offsets, bytes } = random.pick([one, several]);
    for (const a of lifetimes) {
      const at = offsets.get(a.name)!;
      assertEquals(at % 64, 0);
      assert(at + a.bytes <= bytes);
      for (const b of lifetimes) {
        if (a === b || a.first > b.last || b.first > a.last) continue;
        const other = offsets.get(b.name)!;
        assert(
          at + a.bytes <= other || other + b.bytes <= at,
          `seed ${seed}, round ${round}: ${a.name} and ${b.name}`,
        );
      }
    }
  }
});

Deno.test("a chain takes no more than its two largest neighbours", () => {
  const chain = [100, 400, 300, 200].map((n, i) => ({ name: `${i}`, bytes: n * 64, first: i, last: i + 1 }));
  assertEquals(planArena(chain).bytes, 700 * 64);
});

Deno.test("for threads, buffers that share memory have their middle in one place where there is room", () => {
  const chain = [400, 300, 200, 100, 350].map((n, i) => ({
    name: `${i}`,
    bytes: n * 64,
    first: i,
    last: i + 1,
  }));
  const middles = (threads: number) => {
    const { offsets } = planArena(chain, threads);
    return chain.map(({ name, bytes }) => (offsets.get(name)! + bytes / 2) / 64);
  };
  assertEquals(middles(1), [200, 550, 100, 400, 175]);
  assertEquals(middles(2), [200, 550, 200, 550, 200]);
});
