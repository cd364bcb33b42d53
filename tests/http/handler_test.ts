import { assertEquals } from "@std/assert";
import type { Detector } from "../../src/detection/detector.ts";
import { ModelError } from "../../src/errors.ts";
import { createHandler } from "../../src/http/handler.ts";

const ORIGIN = "http://localhost";

/** A detector that is still loading, forever. */
const LOADING = new Promise<Detector>(() => {});

async function answer(response: Response): Promise<[number, unknown]> {
  return [response.status, await response.json()];
}

Deno.test("an unknown path is 404, a wrong method 405 with Allow", async () => {
  const handle = createHandler(LOADING);
  const missing = await handle(new Request(`${ORIGIN}/v1/detct`));
  assertEquals((await answer(missing))[0], 404);
  assertEquals((await handle(new Request(`${ORIGIN}/constructor`))).status, 404);
  const wrong = await handle(new Request(`${ORIGIN}/v1/detect`));
  assertEquals(wrong.headers.get("allow"), "POST");
  assertEquals(await answer(wrong), [405, {
    error: { code: "method_not_allowed", message: "/v1/detect takes POST, not GET" },
  }]);
  const health = await handle(new Request(`${ORIGIN}/healthz`, { method: "DELETE" }));
  assertEquals([health.status, health.headers.get("allow")], [405, "GET, HEAD"]);
});

Deno.test("health is 503 while the model loads", async () => {
  const response = await createHandler(LOADING)(new Request(`${ORIGIN}/healthz`));
  assertEquals(response.headers.get("retry-after"), "1");
  assertEquals(await answer(response), [503, { status: "loading" }]);
});

Deno.test("a model that cannot be loaded is logged once, and every request is 503", async () => {
  const logged: unknown[] = [];
  const error = new ModelError("the weights are not here");
  const handle = createHandler(Promise.reject(error), { onError: (error) => logged.push(error) });
  const photo = await handle(new Request(`${ORIGIN}/v1/detect`, { method: "POST", body: "x" }));
  assertEquals(await answer(photo), [503, {
    error: { code: "model_unavailable", message: "The model could not be loaded; the server's log says why" },
  }]);
  assertEquals((await handle(new Request(`${ORIGIN}/v1/models`))).status, 503);
  assertEquals(await answer(await handle(new Request(`${ORIGIN}/healthz`))), [503, { status: "failed" }]);
  assertEquals(logged, [error]);
});

Deno.test("a full house is 503 with Retry-After, and has room again later", async () => {
  const { promise, reject } = Promise.withResolvers<Detector>();
  const handle = createHandler(promise, { maxRequests: 2, onError: () => {} });
  const post = () => handle(new Request(`${ORIGIN}/v1/detect`, { method: "POST", body: "x" }));
  const waiting = [post(), post()];
  const refused = await post();
  assertEquals(refused.headers.get("retry-after"), "1");
  const [status, body] = await answer(refused);
  assertEquals([status, (body as { error: { code: string } }).error.code], [503, "busy"]);
  reject(new ModelError("the weights are not here"));
  await Promise.all(waiting);
  const [, later] = await answer(await post());
  assertEquals((later as { error: { code: string } }).error.code, "model_unavailable");
});
