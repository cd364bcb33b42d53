/** The library for compiled programs, `runtime.ts`, and what starts leave out. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { parseArguments } from "../src/cli/args.ts";

const ROOT = new URL("..", import.meta.url);

interface Module {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly code?: { readonly specifier: string };
  }[];
}

/** Modules that are loaded with an entry, what it may import later among them, by their paths. */
async function loaded(entry: string): Promise<Set<string>> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--quiet", "--json", entry],
    cwd: ROOT,
  }).output();
  const { roots, modules }: { roots: string[]; modules: Module[] } = JSON.parse(
    new TextDecoder().decode(stdout),
  );
  const found = new Set<string>(), byName = new Map(modules.map((module) => [module.specifier, module]));
  const visit = (name: string) => {
    if (found.has(name)) return;
    found.add(name);
    for (const { code } of byName.get(name)?.dependencies ?? []) if (code) visit(code.specifier);
  };
  roots.forEach(visit);
  return new Set([...found].map((name) => name.replace(ROOT.href, "")));
}

Deno.test("runtime.ts never loads compiler, operators, readers and networks, mod.ts does", async () => {
  const [runtime, mod] = await Promise.all(["runtime.ts", "mod.ts"].map(loaded));
  for (
    const name of ["src/compiler/program.ts", "src/ops/index.ts", "src/formats/read.ts", "models/networks.ts"]
  ) {
    assert(!runtime.has(name), `runtime.ts has ${name}`);
    assert(mod.has(name), `mod.ts lacks ${name}`);
  }
});

Deno.test("runtime.ts refuses models that are not compiled, until mod.ts is imported", async () => {
  const script = `
    import { Detector } from "./runtime.ts";
    const load = () => Detector.load(new Uint8Array(9)).catch((error) => console.log(error.name, error.message));
    await load();
    await import("./mod.ts");
    await load();`;
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["eval", script], cwd: ROOT }).output();
  const [alone, all] = new TextDecoder().decode(stdout).split("\n");
  assertMatch(
    alone,
    /^ModelError Cannot load model: it is not a compiled program.*import mod\.ts, or compile it once/,
  );
  assertMatch(all, /^ModelError Cannot read model: it begins with 00/);
});

Deno.test("finding objects in JPEGs never asks for Node's process", async () => {
  const own = Object.getOwnPropertyDescriptor(globalThis, "process")!;
  const asked: string[] = [];
  const get = () => {
    asked.push(new Error().stack!);
    return own.get!.call(globalThis);
  };
  Object.defineProperty(globalThis, "process", { ...own, get });
  try {
    const { detect } = await import("../src/cli/detect.ts");
    const { failed } = await detect(
      parseArguments(["samples/astronaut.jpg", "samples/rocket.jpg", "--threads", "2", "--quiet"]),
    );
    assertEquals(failed, 0);
    assert(asked.length === 0, asked[0]);
    assert(process.pid > 0 && asked.length > 0, "process is still there");
  } finally {
    Object.defineProperty(globalThis, "process", own);
  }
});
