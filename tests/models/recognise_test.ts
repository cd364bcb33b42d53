import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { NetworkBuilder } from "../../models/layers.ts";
import { networks } from "../../models/networks.ts";
import { recognise } from "../../models/recognise.ts";
import { ModelError } from "../../src/errors.ts";
import { stripWrappers } from "../../src/formats/state_dict.ts";
import type { Tensor } from "../../src/tensor.ts";

/** Keys and shapes of a network's weights, without values. */
function stateOf(name: string, classes: number): Map<string, Tensor> {
  const state = new Map<string, Tensor>(), data = new Float32Array(0);
  const net = new NetworkBuilder((key, shape) => {
    state.set(key, { shape, data });
    return data;
  }, true);
  const { build, inputSize } = networks[name];
  build(net, net.input(inputSize), { inputSize, classes });
  return state;
}

/** Networks whose weights cannot be told from those of another: the one that is published wins. */
const TWINS: Readonly<Record<string, string>> = { "pelee-pytorch-voc-branch2c": "pelee-pytorch-voc" };

Deno.test("every network is recognised by its weights, whatever its number of classes", () => {
  for (const name of Object.keys(networks)) {
    for (const classes of [networks[name].classes, 7]) {
      const state = stateOf(name, classes);
      const { name: found, classes: solved } = recognise(state);
      const wanted = TWINS[name] ??
        (name.startsWith("pelee-") && classes !== 80 && name.endsWith("coco")
          ? name.replace("coco", "voc")
          : name.startsWith("pelee-") && !name.endsWith("branch2c") && classes === 80
          ? name
          : name);
      assertEquals([found, solved], [wanted, classes], name);
    }
  }
});

Deno.test("names of others, wrappers and counters are seen through", () => {
  const state = stateOf("densenet121", 10);
  const published = new Map<string, Tensor>();
  for (const [key, tensor] of state) {
    published.set(`module.${key.replace(/(denselayer\d+\.(?:norm|conv))([12])/, "$1.$2")}`, tensor);
    if (key.endsWith("running_mean")) {
      published.set(`module.${key.replace("running_mean", "num_batches_tracked")}`, {
        shape: [],
        data: tensor.data,
      });
    }
  }
  const { name, classes } = recognise(stripWrappers(published));
  assertEquals([name, classes], ["densenet121", 10]);
});

Deno.test("the nearest network is named, with the tensor that does not fit", () => {
  const state = stateOf("mobilenetv2-ssdlite-voc", 20);
  state.set("extras.3.conv.6.weight", { shape: [65, 64, 1, 1], data: new Float32Array(0) });
  const { message } = assertThrows(() => recognise(state), ModelError);
  assertStringIncludes(message, "nearest is mobilenetv2-ssdlite-voc");
  assertStringIncludes(message, 'its "extras.3.conv.6.weight" is 65x64x1x1, wanted 64x64x1x1');
});
