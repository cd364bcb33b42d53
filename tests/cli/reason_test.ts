import { assertEquals, assertMatch } from "@std/assert";
import { ImageError } from "../../src/errors.ts";
import { isUsageError, reasonOf } from "../../src/cli/reason.ts";

Deno.test("reasonOf gives one line, whatever failed", async () => {
  assertEquals(
    reasonOf(new ImageError("Cannot decode", "bad_image", { cause: new Error("deep") })),
    "Cannot decode",
  );
  assertEquals(reasonOf(new Error("first line\n  second")), "first line");
  assertEquals(reasonOf(new Deno.errors.NotFound("os error 2")), "no such file or folder");
  assertEquals(reasonOf("a string"), "a string");
  const unknown = await fetch("http://nowhere.invalid/").catch((error) => error);
  assertMatch(reasonOf(unknown), /^(?!error sending|fetch failed).*dns error.*$/);
});

Deno.test("a photo's fault is no wrong usage", () => {
  assertEquals(isUsageError(new ImageError("Cannot decode")), false);
});
