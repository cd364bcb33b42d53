/** The two lists of packages: what users download, and what development needs besides. */
import { assert, assertEquals } from "@std/assert";
import product from "../deno.json" with { type: "json" };
import development from "../bench/deno.json" with { type: "json" };

const lock = await Deno.readTextFile(new URL("../deno.lock", import.meta.url));

/** `npm:/@scope/name@1.2.3/path` as `@scope/name@1.2.3`. */
const packageOf = (specifier: string): string => /^npm:\/?((@[^/]+\/)?[^/]+)/.exec(specifier)![1];

Deno.test("development runs the product's packages in the product's versions", () => {
  assertEquals({ ...development.imports, ...product.imports }, development.imports);
});

Deno.test("users download no package of development alone", () => {
  const ours = new Set(Object.values(product.imports).map(packageOf));
  const others = Object.values(development.imports).map(packageOf).filter((name) => !ours.has(name));
  assert(others.length > 0);
  for (const name of others) assert(!lock.includes(`"npm:${name}"`), `deno.lock names ${name}`);
  for (const name of ours) assert(lock.includes(`"npm:${name}"`), `deno.lock lacks ${name}`);
});

Deno.test("nothing asks for what is unstable in Deno", () => {
  assert(!("unstable" in product) && !("unstable" in development));
});
