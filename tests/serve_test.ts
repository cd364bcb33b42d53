/** The server as hosts start it: a real `deno serve`, real weights. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { cocoSsdBytes } from "./weights.ts";

const ROOT = new URL("..", import.meta.url);

await cocoSsdBytes();

/** A running server; ends with the scope. */
async function serve(): Promise<{ base: string; end: () => Promise<Deno.CommandStatus> } & AsyncDisposable> {
  const process = new Deno.Command(Deno.execPath(), {
    args: ["serve", "--allow-read", "--host", "127.0.0.1", "--port", "0", "serve.ts"],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let log = "", base = "";
  const reader = process.stderr.pipeThrough(new TextDecoderStream()).getReader();
  while (!base) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`the server ended: ${log}`);
    log += value;
    base = /http:\/\/127\.0\.0\.1:\d+/.exec(log)?.[0] ?? "";
  }
  const rest = (async () => {
    while (!(await reader.read()).done);
  })();
  const end = async () => {
    process.kill("SIGTERM");
    await rest;
    return await process.status;
  };
  for (let i = 0; i < 100; i++) {
    const health = await fetch(`${base}/healthz`);
    await health.body?.cancel();
    if (health.ok) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  let ended = false;
  return {
    base,
    end: () => (ended = true, end()),
    [Symbol.asyncDispose]: async () => ended ? undefined : void await end(),
  };
}

Deno.test("without weights the log says in a line how to get them", async () => {
  const folder = await Deno.makeTempDir();
  const process = new Deno.Command(Deno.execPath(), {
    args: [
      "serve",
      "--allow-read",
      "--allow-env=SIMDET_CACHE",
      "--host",
      "127.0.0.1",
      "--port",
      "0",
      "serve.ts",
    ],
    cwd: ROOT,
    env: { NO_COLOR: "1", SIMDET_CACHE: folder },
    stdout: "null",
    stderr: "piped",
  }).spawn();
  let log = "";
  for await (const text of process.stderr.pipeThrough(new TextDecoderStream())) {
    log += text;
    if (/get it with: .*\n/.test(log)) break;
  }
  process.kill("SIGTERM");
  await process.status;
  await Deno.remove(folder);
  assertMatch(log, /^Cannot load model "ssdlite-mobilenetv2-coco": .* get it with: deno task pull\n$/m);
});

const sample = (name: string) => Deno.readFile(new URL(`samples/${name}`, ROOT));
const png = { "content-type": "image/png" };

Deno.test("photos in, boxes out; every refusal has its status", async (t) => {
  await using server = await serve();
  const { base } = server;
  const post = (query: string, body: BodyInit, headers: HeadersInit = png) =>
    fetch(`${base}/v1/detect${query}`, { method: "POST", body, headers });
  const error = async (response: Response) => [response.status, (await response.json()).error.code];

  await t.step("JSON", async () => {
    const response = await post("?conf=0.4", await sample("chelsea.png"));
    assertEquals(response.status, 200);
    assertMatch(response.headers.get("content-type") ?? "", /^application\/json/);
    assert(response.headers.has("server-timing"));
    const result = await response.json();
    assertEquals([result.width, result.height, result.detections[0].label], [451, 300, "cat"]);
  });
  await t.step("an annotated JPEG", async () => {
    const response = await post("?format=jpeg", await sample("chelsea.png"));
    assertEquals(response.headers.get("content-type"), "image/jpeg");
    const bytes = new Uint8Array(await response.arrayBuffer());
    const { decodeImage } = await import("../src/vision/decode.ts");
    assertEquals((await decodeImage(bytes)).width, 451);
  });
  await t.step("a form", async () => {
    const form = new FormData();
    form.set("image", new Blob([await sample("coffee.png")], { type: "image/png" }), "coffee.png");
    const result = await (await fetch(`${base}/v1/detect?classes=cup`, { method: "POST", body: form }))
      .json();
    assertEquals(result.detections.map((d: { label: string }) => d.label), ["cup"]);
  });
  await t.step("models and health", async () => {
    assertStringIncludes(await (await fetch(`${base}/v1/models`)).text(), "ssdlite-mobilenetv2-coco");
    assertEquals(await (await fetch(`${base}/healthz`)).json(), { status: "ok" });
  });
  await t.step("400, 404, 405, 413, 415, 422", async () => {
    assertEquals((await error(await post("?conf=7", await sample("chelsea.png"))))[0], 400);
    assertEquals((await error(await fetch(`${base}/v2`)))[0], 404);
    assertEquals((await error(await fetch(`${base}/v1/detect`)))[0], 405);
    assertEquals((await error(await post("", new Uint8Array(10_000_001))))[0], 413);
    assertEquals((await error(await post("", "hello", { "content-type": "text/plain" })))[0], 415);
    assertEquals((await error(await post("", "GIF89a no")))[0], 415);
    assertEquals((await error(await post("", (await sample("chelsea.png")).slice(0, 9000))))[0], 422);
  });
  await t.step("503 with Retry-After when too many wait", async () => {
    // Sixteen photos that take their time to arrive fill the house.
    const photo = await sample("rocket.jpg");
    const arrived = Promise.withResolvers<void>();
    const slow = Array.from({ length: 16 }, () => {
      const body = new ReadableStream({
        async start(controller) {
          controller.enqueue(photo.slice(0, 1000));
          await arrived.promise;
          controller.enqueue(photo.slice(1000));
          controller.close();
        },
      });
      return post("", body);
    });
    await new Promise((resolve) => setTimeout(resolve, 500));
    const refused = await post("", photo);
    assertEquals([refused.status, refused.headers.get("retry-after")], [503, "1"]);
    await refused.body?.cancel();
    arrived.resolve();
    for (const response of await Promise.all(slow)) {
      assertEquals(response.status, 200);
      await response.body?.cancel();
    }
  });
  await t.step("SIGTERM ends it", async () => {
    const status = await server.end();
    assert(status.signal === "SIGTERM" || status.code === 0 || status.code === 143);
  });
});
