import { assertEquals, assertRejects } from "@std/assert";
import { ModelError } from "../../src/errors.ts";
import { fetchBytes } from "../../src/formats/fetch.ts";

Deno.test("what cannot be fetched whole is a typed error that names the address", async () => {
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, ({ url }) => {
    const { pathname } = new URL(url);
    if (pathname === "/whole") return new Response("bytes");
    if (pathname === "/missing") return new Response("no", { status: 404 });
    return new Response("bytes", { headers: { "content-encoding": "gzip" } });
  });
  const at = (name: string) => new URL(`http://127.0.0.1:${server.addr.port}/${name}`);
  assertEquals(new TextDecoder().decode(await fetchBytes(at("whole"))), "bytes");
  for (const [name, reason] of [["missing", "status 404"], ["broken", ""]]) {
    await assertRejects(() => fetchBytes(at(name)), ModelError, `Cannot fetch ${at(name)}: ${reason}`);
  }
  const signal = AbortSignal.abort(new Error("enough"));
  await assertRejects(() => fetchBytes(at("whole"), { signal }), Error, "enough");
});
