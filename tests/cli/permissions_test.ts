import { assertEquals } from "@std/assert";
import { commandWith, missingPermission, PermissionError } from "../../src/cli/permissions.ts";

Deno.test("commandWith quotes what a shell would take apart", () => {
  const command = commandWith(["read", "net", "read"], [
    "--conf=0.3",
    "my photo.jpg",
    "https://a.b/c?d&e",
    "it's",
  ]);
  assertEquals(
    command.replace(/ \S+\.ts /, " detect.ts "),
    `deno run --allow-read --allow-net detect.ts --conf=0.3 'my photo.jpg' 'https://a.b/c?d&e' 'it'\\''s'`,
  );
});

Deno.test("missingPermission reads our errors and Deno's", () => {
  assertEquals(missingPermission(new PermissionError("net")), "net");
  const denied = new Deno.errors.NotCapable(
    `Requires write access to "x", run again with the --allow-write flag`,
  );
  assertEquals(missingPermission(denied), "write");
  assertEquals(missingPermission(new Error("Cannot decode", { cause: denied })), "write");
  assertEquals(missingPermission(new Deno.errors.PermissionDenied("by the operating system")), undefined);
});
