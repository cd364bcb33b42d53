import { assertEquals, assertThrows } from "@std/assert";
import { OptionError } from "../src/errors.ts";
import { COUNT, FRACTION, parseChoice, parseClasses, parseNumber } from "../src/options.ts";

const LABELS = [
  { name: "person", categoryId: 1 },
  null,
  { name: "traffic light", categoryId: 10 },
];

Deno.test("parseNumber takes the ends of its range and nothing beyond", () => {
  assertEquals(parseNumber("conf", "0", FRACTION), 0);
  assertEquals(parseNumber("conf", "1", FRACTION), 1);
  assertEquals(parseNumber("conf", ".25", FRACTION), 0.25);
  for (const text of ["1.01", "-0.1", "", " ", "half", "NaN", "Infinity", "0.5x"]) {
    const error = assertThrows(() => parseNumber("conf", text, FRACTION), OptionError);
    assertEquals(error.message, `conf must be a number from 0 to 1, not ${JSON.stringify(text)}`);
  }
});

Deno.test("parseNumber reads decimals only", () => {
  for (const [text, value] of [["1e-1", 0.1], ["+1", 1], [" 0.5 ", 0.5], ["1.", 1]] as const) {
    assertEquals(parseNumber("conf", text, FRACTION), value);
  }
  for (const text of ["0x1", "0b1", "Infinity", "1_0", "e1", "."]) {
    assertThrows(() => parseNumber("conf", text, FRACTION), OptionError, "conf must be a number");
  }
});

Deno.test("parseNumber refuses fractions where it counts", () => {
  assertEquals(parseNumber("max_det", "300", COUNT), 300);
  for (const text of ["0", "2.5", "1e400"]) {
    assertThrows(
      () => parseNumber("max_det", text, COUNT),
      OptionError,
      `max_det must be a whole number of at least 1, not "${text}"`,
    );
  }
});

Deno.test("parseChoice names the choices and the nearest", () => {
  assertEquals(parseChoice("format", "json", ["json", "jpeg"]), "json");
  assertThrows(
    () => parseChoice("format", "jpg", ["json", "jpeg"]),
    OptionError,
    `format must be one of json, jpeg, not "jpg"; did you mean jpeg?`,
  );
});

Deno.test("parseClasses takes names in any case, ids, and spaces", () => {
  assertEquals(parseClasses("classes", "Traffic Light, 0", LABELS), [1, 0]);
});

Deno.test("parseClasses refuses what the model does not know", () => {
  const message = (text: string) =>
    assertThrows(() => parseClasses("classes", text, LABELS), OptionError).message;
  assertEquals(message("persn"), `Unknown class "persn"; did you mean "person"?`);
  assertEquals(message("2"), `Unknown class 2; the model knows 2 classes, ids 0 to 1`);
  assertEquals(message(" ,"), `classes must name at least one class, such as "person,dog"`);
});
