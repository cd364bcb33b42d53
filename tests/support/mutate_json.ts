/** Damages parsed JSON as liars do: it stays JSON, so that readers get beyond the parser. */
import type { Random } from "./random.ts";

/** Values that are out of place nearly everywhere. */
const ODD: readonly unknown[] = [
  null,
  true,
  -1,
  0,
  1,
  3,
  0.5,
  65536,
  1e9,
  1e30,
  2 ** 28,
  "",
  "x",
  "constructor",
  "__proto__",
  [],
  {},
  [[]],
  [null, 1e9, 1e9, 3],
];

type Slot = { readonly of: Record<string, unknown>; readonly key: string };

function slots(value: unknown, found: Slot[] = []): Slot[] {
  if (typeof value !== "object" || value === null) return found;
  for (const key of Object.keys(value)) {
    found.push({ of: value as Record<string, unknown>, key });
    slots((value as Record<string, unknown>)[key], found);
  }
  return found;
}

/** A copy of `json` in which one to three values are odd ones, copies of others, or gone. */
export function mutateJson<Json>(json: Json, random: Random): Json {
  const copy = structuredClone(json), places = slots(copy);
  for (let count = random.integer(1, 3); count > 0; count--) {
    const { of, key } = random.pick(places);
    const kind = random.integer(0, 3);
    if (kind === 0 && !Array.isArray(of)) delete of[key];
    else if (kind === 1) {
      const other = random.pick(places);
      of[key] = structuredClone(other.of[other.key]);
    } else of[key] = random.pick(ODD);
  }
  return copy;
}
