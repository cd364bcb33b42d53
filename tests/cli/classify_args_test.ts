import { assertEquals, assertThrows } from "@std/assert";
import { parseClassifyArguments } from "../../src/cli/classify_args.ts";
import { OptionError } from "../../src/errors.ts";

function message(...args: string[]): string {
  return assertThrows(() => parseClassifyArguments(args), OptionError).message;
}

Deno.test("parseClassifyArguments reads its flags and has defaults", () => {
  const { top, format, sources, model } = parseClassifyArguments(["-m", "a.onnx", "a.jpg"]);
  assertEquals({ top, format, sources, model }, {
    top: 5,
    format: "text",
    sources: ["a.jpg"],
    model: "a.onnx",
  });
  assertEquals(parseClassifyArguments(["-m", "a.onnx", "--top", "3", "a.jpg"]).top, 3);
  assertEquals(parseClassifyArguments(["--version"]).action, "version");
});

Deno.test("what is missing or wrong is named", () => {
  const example = "For example: deno run --allow-read classify.ts --model model.safetensors photo.jpg";
  assertEquals(message("a.jpg"), `No model given: --model names its file. ${example}`);
  assertEquals(message("-m", "a.onnx"), `No photo given. ${example}`);
  assertEquals(
    message("-m", "a.onnx", "--top", "0", "a.jpg"),
    '--top must be a whole number of at least 1, not "0"',
  );
  assertEquals(
    message("-m", "a.onnx", "--conf", "1", "a.jpg"),
    "Unknown flag --conf; --help lists the flags",
  );
});
