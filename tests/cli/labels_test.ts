import { assertEquals, assertThrows } from "@std/assert";
import { parseLabels } from "../../src/cli/labels.ts";
import { ModelError } from "../../src/errors.ts";

Deno.test("a name a line, an empty line for an output that no class uses", () => {
  assertEquals(parseLabels("\ufeffcat\n\n dog \r\n\n"), [
    { name: "cat", categoryId: 0 },
    null,
    { name: "dog", categoryId: 2 },
  ]);
});

Deno.test("label maps of Caffe, whose class 0 is the background, and of TensorFlow, with gaps", () => {
  const caffe = `item { name: "none_of_the_above" label: 0 display_name: "background" }
item { name: "n02" label: 1 display_name: "cat" }
item { name: "dog" label: 2 }`;
  assertEquals(parseLabels(caffe), [{ name: "cat", categoryId: 1 }, { name: "dog", categoryId: 2 }]);
  const tensorflow =
    'item {\n  id: 3\n  name: "/m/01"\n  display_name: "car"\n}\nitem { id: 1 name: \'person\' }';
  assertEquals(parseLabels(tensorflow), [
    { name: "person", categoryId: 1 },
    null,
    { name: "car", categoryId: 3 },
  ]);
});

Deno.test("label maps that lie are refused", () => {
  for (
    const [map, message] of [
      ["item { label: 1 }", "its number or name is missing, wanted both"],
      ['item { name: "cat" }', "its number or name is missing, wanted both"],
      ['item { name: "cat" id: -4 }', "id is -4"],
      ['item { name: "cat" id: 9999999 }', "class 9999999, wanted at most 100000"],
      ['item { name: "cat"', "line 1 has the end"],
    ]
  ) assertThrows(() => parseLabels(map), ModelError, message);
});
