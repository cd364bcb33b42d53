import { assertEquals, assertThrows } from "@std/assert";
import { OptionError } from "../../src/errors.ts";
import { parseQuery } from "../../src/http/query.ts";

const LABELS = [{ name: "person", categoryId: 1 }, { name: "dog", categoryId: 18 }];
const parse = (query: string) => parseQuery(new URLSearchParams(query), LABELS);
const message = (query: string) => assertThrows(() => parse(query), OptionError).message;

Deno.test("parseQuery reads every parameter", () => {
  assertEquals(parse("conf=0.3&iou=0.6&max_det=5&classes=dog,0&agnostic_nms=true&format=jpeg"), {
    threshold: 0.3,
    iou: 0.6,
    maxDetections: 5,
    classes: [1, 0],
    agnosticNms: true,
    format: "jpeg",
  });
});

Deno.test("parseQuery leaves what is not given to the model", () => {
  const { format, ...options } = parse("");
  assertEquals(format, "json");
  assertEquals(Object.values(options).filter((value) => value !== undefined), []);
});

Deno.test("parseQuery names the parameter that is wrong", () => {
  assertEquals(message("conf=2"), `conf must be a number from 0 to 1, not "2"`);
  assertEquals(message("max_det=many"), `max_det must be a whole number of at least 1, not "many"`);
  assertEquals(message("agnostic_nms=yes"), `agnostic_nms must be one of true, false, not "yes"`);
  assertEquals(message("classes=dgo"), `Unknown class "dgo"; did you mean "dog"?`);
  assertEquals(message("max-det=1"), `Unknown parameter "max-det"; did you mean max_det?`);
  assertEquals(message("conf=0.1&conf=0.2"), "conf is given more than once");
});
