import { assertEquals, assertThrows } from "@std/assert";
import { parseInfoArguments } from "../../src/cli/info_args.ts";
import { OptionError } from "../../src/errors.ts";

Deno.test("parseInfoArguments reads its flags and has defaults", () => {
  const { action, model, threads, arch, log } = parseInfoArguments(["peleenet"]);
  assertEquals({ action, model, threads, arch, log }, {
    action: "info",
    model: "peleenet",
    threads: 1,
    arch: undefined,
    log: false,
  });
  const given = parseInfoArguments([
    "a.cfg",
    "--threads",
    "4",
    "--arch",
    "aarch64",
    "--size",
    "320x256",
    "--log",
  ]);
  assertEquals([given.threads, given.arch, given.modelFlags.size, given.log], [
    4,
    "aarch64",
    [256, 320],
    true,
  ]);
  assertEquals(parseInfoArguments(["--list-models"]).action, "list-models");
});

Deno.test("parseInfoArguments refuses what it does not know", () => {
  const message = (...args: string[]) => assertThrows(() => parseInfoArguments(args), OptionError).message;
  assertEquals(message().startsWith("No model given"), true);
  assertEquals(message("a", "b").startsWith("One model at a time, not also b."), true);
  assertEquals(message("a", "--arch", "mips"), '--arch must be one of x86-64, aarch64, not "mips"');
  assertEquals(message("a", "--threads", "0").startsWith("--threads must be"), true);
});
