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
  assertEquals(
    reasonOf(await Deno.readFile(".").catch((error) => error)),
    "it is a folder, wanted a file",
  );
  assertEquals(
    reasonOf(new Deno.errors.PermissionDenied("Permission denied (os error 13): stat '/photos/a b.jpg'")),
    "the operating system refuses access to /photos/a b.jpg",
  );
  assertEquals(reasonOf("a string"), "a string");
  assertEquals(reasonOf(new ImageError("a\nb\x1b[31m")), "a\\nb\\u001b[31m");
  const unknown = await fetch("http://nowhere.invalid/").catch((error) => error);
  assertMatch(reasonOf(unknown), /^(?!error sending|fetch failed).*dns error.*$/);
});

Deno.test("a photo's fault is no wrong usage", () => {
  assertEquals(isUsageError(new ImageError("Cannot decode")), false);
});
