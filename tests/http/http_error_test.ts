import { assertEquals } from "@std/assert";
import { GraphError, ImageError, OptionError } from "../../src/errors.ts";
import { errorResponse, HttpError } from "../../src/http/http_error.ts";

Deno.test("what the client caused is named, with its status", async () => {
  const cases: [Error, number, string][] = [
    [new OptionError("x"), 400, "bad_option"],
    [new ImageError("x", "image_too_large"), 413, "image_too_large"],
    [new ImageError("x", "unsupported_image"), 415, "unsupported_image"],
    [new ImageError("x"), 422, "bad_image"],
    [new HttpError(405, "method_not_allowed", "x", { allow: "GET" }), 405, "method_not_allowed"],
  ];
  for (const [error, status, code] of cases) {
    const response = errorResponse(error, () => {
      throw new Error("the server's log has no business with it");
    });
    assertEquals([response.status, await response.json()], [status, { error: { code, message: "x" } }]);
  }
});

Deno.test("what the client did not cause is logged and not told", async () => {
  for (const error of [new GraphError("secret"), new TypeError("secret"), "secret"]) {
    const logged: unknown[] = [];
    const response = errorResponse(error, (error) => logged.push(error));
    assertEquals([response.status, logged], [500, [error]]);
    assertEquals((await response.text()).includes("secret"), false);
  }
});
