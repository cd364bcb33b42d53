import { assertEquals, assertRejects } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { readWhole, sha256, writeWhole } from "../../src/cli/cache.ts";

const ROOT = fromFileUrl(new URL("../..", import.meta.url));

/** A folder that removes itself. */
async function temporaryFolder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await Deno.realPath(await Deno.makeTempDir());
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

/** What `cacheFolder()` gives in a process of the code in `root` with these permissions and variables, or why it cannot. */
async function folderOf(
  root: string,
  flags: readonly string[],
  env: Record<string, string> = {},
): Promise<string> {
  const config = join(ROOT, "deno.json");
  const script = `import { cacheFolder } from ${JSON.stringify(new URL(`file://${root}/src/cli/cache.ts`))};
    console.log(await cacheFolder().catch((error) => error.message));`;
  const process = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-lock",
      "--config",
      config,
      ...flags,
      `data:text/javascript,${encodeURIComponent(script)}`,
    ],
    env,
  });
  const { stdout, stderr } = await process.output();
  const text = new TextDecoder();
  return text.decode(stdout).trim() || text.decode(stderr);
}

Deno.test("cacheFolder is the clone's, unless SIMDET_CACHE may be read and is set", async () => {
  const weights = join(ROOT, "weights");
  const env = { SIMDET_CACHE: "/elsewhere" };
  assertEquals(await folderOf(ROOT, ["--allow-read"], env), weights);
  assertEquals(await folderOf(ROOT, ["--allow-read", "--allow-env"], env), "/elsewhere");
  assertEquals(await folderOf(ROOT, ["--allow-env=SIMDET_CACHE"], env), "/elsewhere");
  assertEquals(await folderOf(ROOT, ["--allow-read", "--allow-env"], { SIMDET_CACHE: "" }), weights);
  assertEquals(await folderOf(ROOT, []), "needs --allow-read");
});

Deno.test({
  name: "cacheFolder is the platform's where there is no clone",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using installed = await temporaryFolder();
    for (const folder of ["src", "models"]) {
      await Deno.symlink(join(ROOT, folder), join(installed.path, folder));
    }
    const flags = ["--allow-read", "--allow-env"];
    const env = { SIMDET_CACHE: "", XDG_CACHE_HOME: "/caches" };
    assertEquals(await folderOf(installed.path, flags, env), "/caches/simdet");
    assertEquals(
      await folderOf(installed.path, flags, { SIMDET_CACHE: "", XDG_CACHE_HOME: "" }),
      join(Deno.env.get("HOME")!, ".cache", "simdet"),
    );
    assertEquals(await folderOf(installed.path, ["--allow-read"], env), "needs --allow-env");
  },
});

Deno.test("readWhole tells what is whole, missing, cut and altered", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "file");
  const data = new TextEncoder().encode("abc");
  const expected = {
    bytes: 3,
    sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", // FIPS 180-4's own example
  };
  assertEquals(await readWhole(path, expected), { state: "missing" });
  await Deno.writeFile(path, data);
  assertEquals(await readWhole(path, expected), { state: "whole", data });
  await Deno.writeFile(path, data.subarray(0, 2));
  assertEquals(await readWhole(path, expected), { state: "corrupt", reason: "it has 2 bytes, wanted 3" });
  await Deno.writeTextFile(path, "abd");
  const found = await sha256(new TextEncoder().encode("abd"));
  assertEquals(await readWhole(path, expected), {
    state: "corrupt",
    reason: `its SHA-256 is ${found}, wanted ${expected.sha256}`,
  });
});

Deno.test("while writeWhole writes, its file is never shorter", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "file");
  const [before, after] = [new Uint8Array(2 ** 24).fill(1), new Uint8Array(2 ** 24).fill(2)];
  await writeWhole(path, before);
  const writes = { pending: true };
  const written = Promise.all([writeWhole(path, after), writeWhole(path, after)]).finally(() => {
    writes.pending = false;
  });
  const sizes = new Set<number>();
  while (writes.pending) sizes.add((await Deno.stat(path)).size);
  await written;
  assertEquals([...sizes], [after.length]);
  assertEquals(await Deno.readFile(path), after);
  assertEquals([...Deno.readDirSync(folder.path)].map(({ name }) => name), ["file"]);
});

Deno.test("writeWhole leaves nothing behind when it fails", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "taken");
  await Deno.mkdir(join(path, "by a folder"), { recursive: true });
  await assertRejects(() => writeWhole(path, new Uint8Array(10)));
  assertEquals([...Deno.readDirSync(folder.path)].map(({ name }) => name), ["taken"]);
});
