import { assertEquals, assertThrows } from "@std/assert";
import { parseArguments } from "../../src/cli/args.ts";
import { OptionError } from "../../src/errors.ts";

function message(...args: string[]): string {
  return assertThrows(() => parseArguments(args), OptionError).message;
}

Deno.test("parseArguments has defaults for everything but the photo", () => {
  assertEquals(parseArguments(["photo.jpg"]), {
    action: "detect",
    sources: ["photo.jpg"],
    model: undefined,
    modelFlags: { preset: undefined, labels: undefined, weights: undefined, size: undefined },
    threshold: 0.5,
    iou: undefined,
    maxDetections: undefined,
    classes: undefined,
    agnosticNms: false,
    threads: "auto",
    maxMemory: undefined,
    format: "text",
    save: undefined,
    profile: false,
    quiet: false,
  });
});

Deno.test("parseArguments reads every flag", () => {
  const args = parseArguments(
    ("-q -m tiny --preset yolox --labels a.names --weights a.weights --size 640x480 --conf=0.3 --iou 0.6 --max-det 100 --classes person,dog --classes 3 --agnostic-nms --threads 1 --max-memory 2048 " +
      "--format jsonl --save out --profile a.jpg - 12.jpg").split(" "),
  );
  assertEquals(args, {
    action: "detect",
    sources: ["a.jpg", "-", "12.jpg"],
    model: "tiny",
    modelFlags: { preset: "yolox", labels: "a.names", weights: "a.weights", size: [480, 640] },
    threshold: 0.3,
    iou: 0.6,
    maxDetections: 100,
    classes: "person,dog,3",
    agnosticNms: true,
    threads: 1,
    maxMemory: 2048,
    format: "jsonl",
    save: "out",
    profile: true,
    quiet: true,
  });
});

Deno.test("parseArguments takes what follows -- as sources", () => {
  assertEquals(parseArguments(["--", "--save", "-odd.jpg"]).sources, ["--save", "-odd.jpg"]);
});

Deno.test("--save takes a folder but no picture", () => {
  assertEquals(parseArguments(["a.jpg", "--save"]).save, "runs/detect");
  assertEquals(parseArguments(["--save", "a.JPG"]), parseArguments(["a.JPG", "--save"]));
  assertEquals(parseArguments(["--save", "https://example.com/a"]).save, "runs/detect");
  assertEquals(parseArguments(["--save", "--quiet", "a.jpg"]).save, "runs/detect");
  assertEquals(parseArguments(["--save", "out", "a.jpg"]).save, "out");
  assertEquals(parseArguments(["--save=a.jpg", "b.jpg"]).save, "a.jpg");
  assertEquals(
    message("--save", "photos"),
    "No photo given (photos was taken as the folder of --save). For example: " +
      "deno run --allow-read detect.ts photo.jpg",
  );
});

Deno.test("--demo looks at the samples unless a photo is given", () => {
  assertEquals(parseArguments(["--demo"]).sources, ["samples"]);
  assertEquals(parseArguments(["--demo"]).save, "runs/detect");
  assertEquals(parseArguments(["--demo", "--save", "out"]).save, "out");
  assertEquals(parseArguments(["--demo", "a.jpg"]), parseArguments(["a.jpg"]));
});

Deno.test("short answers need no photo", () => {
  assertEquals(parseArguments(["-h"]).action, "help");
  assertEquals(parseArguments(["--version"]).action, "version");
  assertEquals(parseArguments(["--list-models"]).action, "list-models");
  assertEquals(parseArguments(["--profile"]).sources, []);
});

Deno.test("an unknown flag names the nearest", () => {
  assertEquals(message("--modle", "x", "a.jpg"), "Unknown flag --modle; did you mean --model?");
  assertEquals(message("--maxdet=3", "a.jpg"), "Unknown flag --maxdet; did you mean --max-det?");
  assertEquals(message("--frobnicate", "a.jpg"), "Unknown flag --frobnicate; --help lists the flags");
  assertEquals(message("-x", "a.jpg"), "Unknown flag -x; --help lists the flags");
});

Deno.test("wrong values name the flag, the value and the range", () => {
  assertEquals(message("--conf", "1.5", "a.jpg"), `--conf must be a number from 0 to 1, not "1.5"`);
  assertEquals(message("--conf", "-1", "a.jpg"), `--conf must be a number from 0 to 1, not "-1"`);
  assertEquals(message("--iou", "-.5", "a.jpg"), `--iou must be a number from 0 to 1, not "-.5"`);
  assertEquals(message("--max-det", "0", "a.jpg"), `--max-det must be a whole number of at least 1, not "0"`);
  assertEquals(message("a.jpg", "--conf"), "--conf needs a value");
  assertEquals(message("a.jpg", "--classes", "--quiet"), "--classes needs a value");
  assertEquals(
    message("--format", "jsno", "a.jpg"),
    `--format must be one of text, json, jsonl, csv, coco, yolo, not "jsno"; did you mean json?`,
  );
  assertEquals(
    message("--threads", "17", "a.jpg"),
    '--threads must be a whole number from 1 to 16, not "17"',
  );
});

Deno.test("a flag without a value takes none but true and false", () => {
  assertEquals(parseArguments(["--quiet=false", "a.jpg"]).quiet, false);
  assertEquals(parseArguments(["--", "--quiet=maybe"]).sources, ["--quiet=maybe"]);
  assertThrows(
    () => parseArguments(["--quiet=maybe", "a.jpg"]),
    OptionError,
    '--quiet takes no value, not "maybe"',
  );
});

Deno.test("--size is one number or two", () => {
  assertEquals(parseArguments(["--size", "64", "a.jpg"]).modelFlags.size, [64, 64]);
  for (const size of ["0", "64x", "4097", "-3", "64x32x3"]) {
    assertEquals(
      message("--size", size, "a.jpg"),
      `--size must be a width, or width x height such as 640x480, from 1 to 4096, not "${size}"`,
    );
  }
});

Deno.test("no photo at all is answered with an example", () => {
  assertEquals(message(), "No photo given. For example: deno run --allow-read detect.ts photo.jpg");
});
