import { assertAlmostEquals, assertEquals } from "@std/assert";
import { buildModel } from "../../../models/build.ts";
import { efm, maxout } from "../../../models/heads/efm.ts";
import { NetworkBuilder } from "../../../models/layers.ts";
import { runReference } from "../../../src/graph/graph.ts";
import { elements, type Shape } from "../../../src/tensor.ts";
import { compareBuilds } from "../../support/compare.ts";
import { hashedWeights } from "../../support/hash.ts";
import { Random, seedOf } from "../../support/random.ts";

/** Averages of what comes in, so that constant maps stay what they are where no padding is near. */
function averaging(key: string, shape: Shape): Float32Array {
  const count = elements(shape);
  if (shape.length > 1) return new Float32Array(count).fill(shape[0] / count);
  return new Float32Array(count).fill(/running_var$|norm\.weight$/.test(key) ? 1 : 0);
}

Deno.test("maxout keeps the larger of channels half of all apart", () => {
  const net = new NetworkBuilder();
  const x = net.input([1, 1], 6);
  const graph = net.build({ name: "maxout" }, [maxout(net, x, 2, "y")]);
  const data = Float32Array.of(1, -2, 5, 0, 3, 4);
  assertEquals([...Object.values(runReference(graph, { input: { shape: [1, 1, 1, 6], data } }))[0].data], [
    1,
    3,
    5,
  ]);
});

Deno.test("what predicts at a scale comes from the scale and its neighbours alone", () => {
  const net = new NetworkBuilder(averaging);
  const shapes = [[12, 12], [6, 6], [3, 3]] as const;
  const maps = shapes.map((size, i) => net.input(size, 2, i === 0 ? "input" : `map${i}`));
  const fused = efm(net, maps, { width: 6, maxout: 3, outputs: 2, attention: false });
  assertEquals(fused.map(({ shape }) => shape.slice(1, 3)), shapes.map((size) => [...size]));
  const middle = (values: readonly number[]): number => {
    const two = new NetworkBuilder(averaging);
    const inputs = shapes.map((size, i) => two.input(size, 2, i === 0 ? "input" : `map${i}`));
    const [, fusedMiddle] = efm(two, inputs, { width: 6, maxout: 3, outputs: 2, attention: false });
    const graph = two.build({ name: "efm" }, [fusedMiddle]);
    const tensors = Object.fromEntries(inputs.map(({ name, shape }, i) => [
      name,
      { shape, data: new Float32Array(elements(shape)).fill(values[i]) },
    ]));
    const { shape, data } = Object.values(runReference(graph, tensors))[0];
    return data[(3 * shape[2] + 3) * shape[3]];
  };
  // Maxout over the three maps: the largest of them wins, whichever it is.
  assertAlmostEquals(middle([5, 1, 2]), 5, 1e-3);
  assertAlmostEquals(middle([1, 5, 2]), 5, 1e-3);
  assertAlmostEquals(middle([1, 2, 5]), 5, 1e-3);
});

for (const name of ["csppeleenet-efm-coco", "csppeleenet-efm-sam-coco", "csppeleenet-prn-coco"]) {
  Deno.test(`${name} runs as its reference says`, async () => {
    const graph = buildModel(name, { inputSize: [32, 64], classes: 2, weights: hashedWeights() });
    await compareBuilds({ ...graph, nchw: [] }, new Random(seedOf(7)), 2e-5, name);
  });
}
