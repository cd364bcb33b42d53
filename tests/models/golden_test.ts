/** Classifiers of the zoo against the logits that their upstreams gave for the same invented weights and input. */
import { assert, assertEquals } from "@std/assert";
import { Session } from "../../mod.ts";
import { buildModel, sizeOf } from "../../models/build.ts";
import type { Pair } from "../../src/geometry.ts";
import { parseSafetensors } from "../../src/formats/safetensors.ts";
import { errorOf } from "../support/compare.ts";
import { fixture } from "../support/fixtures.ts";
import { hashed, hashedInput, hashedWeights, roleOf } from "../support/hash.ts";

interface Golden {
  readonly network: string;
  readonly size: Pair;
  readonly gain: number;
  readonly parameters: number;
  readonly macs: number;
}

const vectors: { key: string; shape: number[]; gain: number; value_f32: number[]; sum_f64: number }[] = JSON
  .parse(new TextDecoder().decode(await fixture("golden/hash_vectors.json")));
const goldens: Golden[] = JSON.parse(new TextDecoder().decode(await fixture("golden/classifiers.json")));
const { tensors: logits } = parseSafetensors(await fixture("golden/classifiers.safetensors"));

Deno.test("invented weights are those of the references", () => {
  for (const { key, shape, gain, value_f32, sum_f64 } of vectors) {
    const { data } = key.startsWith("input:")
      ? hashedInput(shape)
      : hashed(key, shape, roleOf(key, shape), gain);
    value_f32.forEach((value, i) => assert(Math.abs(data[i] - value) <= 1e-7, `${key}[${i}]: ${data[i]}`));
    const sum = data.reduce((total, value) => total + value, 0);
    assert(Math.abs(sum - sum_f64) <= 1e-4, `${key}: sum ${sum}, wanted ${sum_f64}`);
  }
});

for (const { network, size, gain, parameters, macs } of goldens) {
  Deno.test(`${network} at ${size.join("x")} gives its upstream's logits`, async () => {
    assertEquals(sizeOf(network, { inputSize: size }), { parameters, macs });
    const graph = buildModel(network, { inputSize: size, weights: hashedWeights(gain) });
    using session = await Session.create(graph);
    const { [graph.outputs[0]]: output } = await session.run({ input: hashedInput([1, 3, ...size]) });
    const error = errorOf(output.data, logits.get(network)!.data);
    assert(error <= 2e-5, `${network} is off by ${error} of its range`);
  });
}
