import { assert, assertEquals, assertMatch } from "@std/assert";
import { listModels } from "../../models/list.ts";
import { networks } from "../../models/networks.ts";
import { ZOO } from "../../models/zoo.ts";

const models = await listModels();

Deno.test("every model and network is listed once, with what is known of it", () => {
  const names = models.map(({ name }) => name);
  assertEquals(names, [...ZOO.map(({ name }) => name), ...Object.keys(networks)]);
  assertEquals(new Set(names).size, names.length);
  for (const { name, input, parameters, macs, licence, accuracy } of models) {
    assertMatch(name, /^[a-z0-9-]+$/);
    assertMatch(input, /^\d+x\d+$/);
    assert(parameters > 1e5 && macs > 1e6 && licence !== "", name);
    if (accuracy) assert(accuracy.value > 15 && accuracy.value < 100 && accuracy.source !== "", name);
  }
});

Deno.test("weights of the authors come with a command and the file it writes", () => {
  const authors = models.filter(({ weights }) => weights === "authors");
  assert(authors.length > 20);
  for (const { name, fetch = "", file = "" } of authors) {
    assertMatch(file, /\.(pth|pth\.tar|safetensors|prototxt)$/, name);
    assertMatch(fetch, /^(curl -fL -o \S+ 'https:|gdown --folder |a browser at https:)/, name);
    if (fetch.startsWith("curl")) assert(fetch.includes(`-o ${file} `), name);
  }
});
