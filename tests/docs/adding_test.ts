/** `docs/adding-a-network.md`: the family that it adds is the upstream's. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { toFileUrl } from "@std/path";
import { Session } from "../../mod.ts";
import { NetworkBuilder } from "../../models/layers.ts";
import type { NetworkTable } from "../../models/network.ts";
import { networks } from "../../models/networks.ts";
import { parseSafetensors } from "../../src/formats/safetensors.ts";
import { errorOf } from "../support/compare.ts";
import { fixture } from "../support/fixtures.ts";
import { hashedInput, hashedWeights } from "../support/hash.ts";

const page = await Deno.readTextFile(new URL("../../docs/adding-a-network.md", import.meta.url));

Deno.test("the file of the page is the family", async () => {
  const [, code] = /```ts\n([^]*?)```/.exec(page)!;
  const models = new URL("../../models/", import.meta.url).href;
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, code.replaceAll('"./', `"${models}`));
    const { vovnets }: { vovnets: NetworkTable } = await import(toFileUrl(file).href);
    const network = vovnets["vovnet27-slim"];
    const net = new NetworkBuilder(hashedWeights());
    const outputs = network.build(net, net.input(network.inputSize), network);
    using session = await Session.create(net.build({ name: "vovnet27-slim" }, outputs));
    const { "classifier.flat": logits } = await session.run({ input: hashedInput([1, 3, 224, 224]) });
    const { tensors } = parseSafetensors(await fixture("golden/classifiers.safetensors"));
    assert(errorOf(logits.data, tensors.get("vovnet27-slim")!.data) <= 2e-5);
    for (const name of Object.keys(vovnets)) assertEquals(vovnets[name].paper, networks[name].paper);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("the line of the page is in models/networks.ts", async () => {
  const [, code] = /```ts ignore\n([^]*?)```/.exec(page)!;
  const source = await Deno.readTextFile(new URL("../../models/networks.ts", import.meta.url));
  for (const line of code.trim().split("\n").filter((line) => line !== "")) {
    assertStringIncludes(source, line);
  }
});
