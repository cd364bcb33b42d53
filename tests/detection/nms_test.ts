import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { Session } from "../../mod.ts";
import { type Candidate, MAX_CANDIDATES, nms } from "../../src/detection/nms.ts";
import { graphOf } from "../support/compare.ts";
import { Random, seedOf } from "../support/random.ts";
import { iou, suppress } from "../support/suppress.ts";

const graph = graphOf([[1, 1, 1, 4]], (builder, [x]) => builder.node("sigmoid", "y", {}, [x]));
const BUILDS = [
  { simd: "simd128" },
  { simd: "relaxed", arch: "x86-64" },
  { simd: "relaxed", arch: "aarch64" },
] as const;

const box = (label: number, score: number, x: number): Candidate => ({
  label,
  score,
  box: [x, 0, x + 10, 10],
});

Deno.test("intersection over union", () => {
  assertAlmostEquals(iou([0, 0, 10, 10], [5, 0, 15, 10]), 1 / 3, 1e-12);
  assertEquals(iou([0, 0, 1, 1], [1, 0, 2, 1]), 0);
  assertEquals(iou([0, 0, 0, 0], [0, 0, 0, 0]), 0);
  assertEquals(iou([0, 0, NaN, 1], [0, 0, 1, 1]), 0);
});

Deno.test("the best of overlapping boxes of a class is kept, and every class of its own", async () => {
  using session = await Session.create(graph);
  const candidates = [box(0, 0.5, 0), box(0, 0.9, 1), box(1, 0.7, 0), box(0, 0.6, 30)];
  assertEquals(nms(candidates, 0.5, false, session).map((c) => c.score), [0.9, 0.7, 0.6]);
  assertEquals(nms(candidates, 0.5, true, session).map((c) => c.score), [0.9, 0.6]);
  assertEquals(nms([], 0.5, true, session), []);
});

Deno.test("boxes that a kept one dropped drop nothing themselves; of equals the first stays", async () => {
  using session = await Session.create(graph);
  // 0-10, 4-14, 8-18: the middle one falls to the first, the last overlaps only the middle one enough.
  const chain = [box(0, 0.9, 0), box(0, 0.8, 4), box(0, 0.7, 8)];
  assertEquals(nms(chain, 0.4, false, session).map((c) => c.score), [0.9, 0.7]);
  const equal = [box(0, 0.5, 0), box(0, 0.5, 0)];
  const [kept, ...none] = nms(equal, 0.5, false, session);
  assert(kept === equal[0] && none.length === 0);
});

/** A box on a grid of whole numbers, so that f32 and f64 agree on which overlap; a few are broken. */
function drawBox(random: Random, grid: number, largest: number): Candidate["box"] {
  const [x, y] = [random.integer(-2, grid), random.integer(-2, grid)];
  const corners = [x, y, x + random.integer(0, largest), y + random.integer(0, largest)];
  if (random.next() < 0.05) corners[random.integer(0, 3)] = random.pick([NaN, Infinity, -Infinity, 0]);
  return corners as unknown as Candidate["box"];
}

for (const build of BUILDS) {
  Deno.test(`${Object.values(build).join(" ")}: random candidates fare as with the reference`, async () => {
    using session = await Session.create(graph, build);
    const seed = seedOf(31), random = new Random(seed);
    for (let round = 0; round < 300; round++) {
      // Up to three calls of the kernel now and then.
      const count = random.next() < 0.1 ? random.integer(250, 600) : random.integer(0, 40);
      const grid = random.pick([0, 3, 20, 100]), largest = random.pick([3, 12, 40]);
      const classes = random.integer(1, 5), levels = random.pick([1, 7, 1000]);
      const candidates = Array.from({ length: count }, () => ({
        label: random.integer(0, classes - 1),
        score: random.integer(0, levels) / levels,
        box: drawBox(random, grid, largest),
      }));
      // Quotients of areas meet some of these exactly.
      const threshold = random.pick([0, 0.1, 1 / 3, 0.45, 0.5, 0.6, 1, random.next()]);
      const agnostic = random.next() < 0.5;
      const wanted = suppress(candidates, threshold, agnostic);
      const found = nms(candidates, threshold, agnostic, session);
      const what = `seed ${seed}, round ${round}: ${count} candidates, threshold ${threshold}, ${agnostic}`;
      assertEquals(found.length, wanted.length, what);
      wanted.forEach((candidate, i) => assert(found[i] === candidate, `${what}: number ${i} differs`));
    }
  });
}

Deno.test("only the best candidates are looked at, the earlier of equal ones", async () => {
  using session = await Session.create(graph);
  const random = new Random(seedOf(32));
  const candidates = Array.from({ length: MAX_CANDIDATES + 5000 }, (_, i) => ({
    label: 0,
    score: random.integer(0, 2) / 2,
    box: [i, 0, i + 1, 1] as const,
  }));
  const wanted = candidates.toSorted((a, b) => b.score - a.score).slice(0, MAX_CANDIDATES);
  const found = nms(candidates, 0.5, true, session);
  assertEquals(found.length, MAX_CANDIDATES);
  assert(found.every((candidate, i) => candidate === wanted[i]), `seed ${seedOf(32)}`);
  // Scores that are not numbers come in no order, but come to an end.
  const broken = candidates.map((candidate, i) => i % 3 ? candidate : { ...candidate, score: NaN });
  assertEquals(nms(broken, 0.5, true, session).length, MAX_CANDIDATES);
});
