/** `deno task pull` as users start it. */
import { assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { modelPath } from "../../src/cli/weights.ts";
import { cocoSsdBytes } from "../weights.ts";

const ROOT = fromFileUrl(new URL("../..", import.meta.url));

async function pull(args: readonly string[]): Promise<{ code: number; stderr: string }> {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "pull", ...args],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdout: "null",
  }).output();
  return { code, stderr: new TextDecoder().decode(stderr) };
}

Deno.test("pull says where the model is that is there already", async () => {
  const { length } = await cocoSsdBytes();
  const { code, stderr } = await pull([]);
  assertEquals(stderr, `ssdlite-mobilenetv2-coco: ${await modelPath("ssdlite-mobilenetv2-coco")}, 18.2 MB\n`);
  assertEquals([code, length], [0, 18_152_524]);
});

Deno.test("pull of an unknown model names the nearest and is wrong usage", async () => {
  const { code, stderr } = await pull(["ssdlite-mobilnetv2-coco"]);
  assertMatch(stderr, /^Unknown model "ssdlite-mobilnetv2-coco"; did you mean ssdlite-mobilenetv2-coco\?\n$/);
  assertEquals(code, 2);
});
