/** The library in a browser: bundled, served, in pages and workers, with shared memory and without. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { extname } from "@std/path";
import { Detector } from "../mod.ts";
import { bundle } from "../scripts/bundle.ts";
import type { SessionInfo } from "../src/runtime/session.ts";
import { temporaryFolder } from "./support/process.ts";
import { cocoSsdBytes } from "./weights.ts";

const CHROMIUM = "chromium";
const PHOTOS = [
  "samples/coco_train_000000000086.jpg",
  "samples/chelsea.png",
  "tests/fixtures/images/lossy.webp",
];

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".wasm": "application/wasm",
};

/** What cross-origin isolates a page. */
const ISOLATING = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
};

const page = `<!doctype html><script type="module">
if (location.search === "?worker") new Worker("look.js", { type: "module" });
else import("./look.js");
</script>`;

/** Runs in the browser; posts what it finds, or the error, to the server. */
const look = `
import { Detector } from "./simdet.js";
const bytes = async (path) => new Uint8Array(await (await fetch(path)).arrayBuffer());
async function found(threads) {
  const detector = await Detector.load(await bytes("model.safetensors"), { threads });
  await detector.session.start();
  const detections = [];
  for (const name of ${JSON.stringify(PHOTOS.map((_, i) => `photo${i}`))}) {
    detections.push((await detector.detect(await bytes(name))).detections);
  }
  const [{ name }] = detector.session.outputs;
  const { shape, offset } = detector.session.port(name);
  const raw = new Uint8Array(detector.session.memory.buffer, offset, shape.reduce((a, b) => a * b, 4));
  const sum = raw.reduce((hash, byte) => Math.imul(hash ^ byte, 0x01000193), 0x811c9dc5);
  const [{ threads: tookPart }] = detector.session.profile(1);
  detector.dispose();
  return { info: detector.session.info, tookPart, detections, sum };
}
const result = await Promise.all([1, 2].map(found)).catch((error) => ({ error: String(error?.stack ?? error) }));
await fetch("found", { method: "POST", body: JSON.stringify(result) });
`;

interface Found {
  readonly info: SessionInfo;
  readonly tookPart: number;
  readonly detections: readonly { readonly label: string }[][];
  readonly sum: number;
}

/** Opens a page of a folder in Chromium; gives what it posts. */
async function open(folder: string, query: string, headers: Record<string, string>): Promise<Found[]> {
  const posted = Promise.withResolvers<string>();
  await using server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen: () => {} },
    async (request) => {
      const { pathname } = new URL(request.url);
      if (request.method === "POST") {
        posted.resolve(await request.text());
        return new Response();
      }
      const type = TYPES[extname(pathname)] ?? "application/octet-stream";
      const file = await Deno.readFile(folder + pathname).catch(() => undefined);
      return new Response(file, {
        status: file ? 200 : 404,
        headers: { ...headers, "content-type": type },
      });
    },
  );
  await using profile = await temporaryFolder();
  const browser = new Deno.Command(CHROMIUM, {
    args: [
      "--headless",
      "--disable-gpu",
      "--no-sandbox", // containers and root have none; the page is our own
      `--user-data-dir=${profile.path}`,
      `http://127.0.0.1:${server.addr.port}/page.html${query}`,
    ],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const timeout = setTimeout(() => posted.reject(new Error("the page posts nothing in a minute")), 60_000);
  try {
    const result = JSON.parse(await posted.promise);
    assert(Array.isArray(result), result.error);
    return result;
  } finally {
    clearTimeout(timeout);
    browser.kill();
    // Ends when its last process has let go of its output: until then they write into the profile.
    await browser.output();
  }
}

const hasChromium = await new Deno.Command(CHROMIUM, { args: ["--version"], stdout: "null", stderr: "null" })
  .output().then(({ success }) => success, () => false);

Deno.test({
  name:
    `a browser finds what Deno finds, on threads where the page is isolated (wants "${CHROMIUM}" on PATH)`,
  ignore: !hasChromium,
}, async (t) => {
  await using folder = await temporaryFolder();
  await bundle(folder.path);
  await Deno.writeTextFile(`${folder.path}/page.html`, page);
  await Deno.writeTextFile(`${folder.path}/look.js`, look);
  await Deno.writeFile(`${folder.path}/model.safetensors`, await cocoSsdBytes());
  const photos = PHOTOS.map((path) => Deno.readFileSync(new URL(`../${path}`, import.meta.url)));
  photos.forEach((bytes, i) => Deno.writeFileSync(`${folder.path}/photo${i}`, bytes));
  using detector = await Detector.load(await cocoSsdBytes());
  const labels: string[][] = [];
  for (const photo of photos) {
    labels.push((await detector.detect(photo)).detections.map(({ label }) => label));
  }

  for (const query of ["", "?worker"]) {
    for (const headers of [ISOLATING, {}]) {
      const isolated = headers === ISOLATING;
      await t.step(`${query ? "worker" : "page"}, ${isolated ? "isolated" : "not isolated"}`, async () => {
        const [one, two] = await open(folder.path, query, headers);
        assertEquals(one.detections.map((list) => list.map(({ label }) => label)), labels);
        assertEquals([two.detections, two.sum], [one.detections, one.sum], "the same bits");
        assertEquals([one.info.threads, one.tookPart, one.info.threadsNote], [1, 1, undefined]);
        assertEquals([two.info.threads, two.tookPart], isolated ? [2, 2] : [1, 1]);
        if (isolated) assertEquals(two.info.threadsNote, undefined);
        else assertStringIncludes(two.info.threadsNote!, "cross-origin isolated");
      });
    }
  }
});
