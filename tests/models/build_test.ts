import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { buildModel, sizeOf } from "../../models/build.ts";
import { networks } from "../../models/networks.ts";
import { GraphError, ModelError, OptionError } from "../../src/errors.ts";
import { checkInfo } from "../../src/graph/check_info.ts";
import { elements, type Tensor } from "../../src/tensor.ts";

/** The weights of the smallest network, all zero. */
function weights(): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  buildModel("mobilenetv1-025-vww", {
    weights(key, shape) {
      const data = new Float32Array(elements(shape));
      tensors.set(key, { shape, data });
      return data;
    },
  });
  return tensors;
}

Deno.test("missing, superfluous and misshapen weights are all listed", () => {
  const tensors = weights();
  buildModel("mobilenetv1-025-vww", { weights: tensors });
  tensors.delete("conv2d.bias");
  tensors.delete("dense.bias");
  tensors.set("dense.weight", { shape: [3, 256], data: new Float32Array(768) });
  tensors.set("conv2d.bn.running_var", { shape: [4], data: new Float32Array(4) });
  tensors.set("head.weight", { shape: [1], data: new Float32Array(1) });
  tensors.set("conv2d.bn.num_batches_tracked", { shape: [], data: new Float32Array(1) });
  const { message } = assertThrows(() => buildModel("mobilenetv1-025-vww", { weights: tensors }), ModelError);
  assertEquals(
    message,
    'Cannot build "mobilenetv1-025-vww": 5 of its weights do not fit: missing "conv2d.bias" (8); missing "dense.bias" (2); ' +
      'misshapen "conv2d.bn.running_var" is 4, wanted 8; misshapen "dense.weight" is 3x256, wanted 2x256; ' +
      'superfluous "head.weight"',
  );
});

Deno.test("a function that gives too few values is told of", () => {
  const { message } = assertThrows(
    () => buildModel("mobilenetv1-025-vww", { weights: () => new Float32Array(8) }),
    ModelError,
  );
  assertStringIncludes(message, 'misshapen "conv2d.weight" has 8 values, wanted 8x3x3x3');
});

Deno.test("every network builds at its own size and another, and describes itself rightly", () => {
  for (const [name, { inputSize: [height, width] }] of Object.entries(networks)) {
    if (sizeOf(name).parameters > 7e6) continue;
    checkInfo(buildModel(name));
    const graph = buildModel(name, { inputSize: [height + 32, width + 64], classes: 3 });
    checkInfo(graph);
    assertEquals(graph.inputs[0].shape, [1, height + 32, width + 64, 3]);
  }
});

Deno.test("published sizes look at the middle of a photo, others at all of it", () => {
  const { fit, cropFrom } = buildModel("mobilenetv2-035").info.preprocessing!;
  assertEquals([fit, cropFrom], ["crop", 256]);
  assertEquals(buildModel("mobilenetv2-035", { inputSize: 96 }).info.preprocessing!.fit, undefined);
});

Deno.test("MobileNets have any width", () => {
  assertEquals(sizeOf("mobilenetv2", { width: 1.4 }), sizeOf("mobilenetv2-140"));
  assertEquals(sizeOf("mobilenetv1-050", { width: 0.25 }), sizeOf("mobilenetv1-025"));
  assert(sizeOf("mobilenetv2", { width: 0.6 }).macs < sizeOf("mobilenetv2-075").macs);
  assertThrows(
    () => buildModel("mobilenetv1", { width: 0 }),
    OptionError,
    "width must be above 0 and at most 4",
  );
  assertThrows(() => buildModel("peleenet", { width: 1 }), OptionError, "peleenet has no width to choose");
});

Deno.test("gamma and fusion of cross stage partial networks can be chosen", () => {
  // tomotana14/CSPPeleeNet.pytorch: PeleeNet(partial_ratio=0.25) and 0.75.
  assertEquals(sizeOf("csppeleenet", { gamma: 0.75 }), { parameters: 2526872, macs: 507356160 });
  assertEquals(sizeOf("csppeleenet", { gamma: 0.25 }), { parameters: 3229240, macs: 621356032 });
  for (const fusion of ["first", "last"] as const) {
    assertEquals(sizeOf("csppeleenet", { fusion }), sizeOf(`csppeleenet-fusion-${fusion}`));
  }
  assert(sizeOf("cspdarknet53", { gamma: 0.75 }).macs < sizeOf("cspdarknet53").macs);
});

Deno.test("what cannot be chosen is refused", () => {
  const cases: [string, Parameters<typeof buildModel>[1], string][] = [
    ["peleenet", { gamma: 0.5 }, "peleenet has no gamma to choose"],
    ["cspresnet50", { fusion: "last" }, "cspresnet50 has no fusion to choose"],
    ["csppeleenet", { gamma: 1 }, "gamma must be between 0 and 1, not 1"],
    ["csppeleenet", { fusion: "none" as "last" }, 'fusion must be first, last or full, not "none"'],
    ["peleenet", { classes: 0 }, "classes must be a whole number from 1 to 4096, not 0"],
    ["peleenet", { inputSize: [224, 1.5] }, "input width must be a whole number"],
    ["csppeleenet-efm-coco", { inputSize: 300 }, "multiples of 32, not 300x300"],
  ];
  for (const [name, options, message] of cases) {
    assertStringIncludes(assertThrows(() => buildModel(name, options), OptionError).message, message);
  }
  assertThrows(() => buildModel("pelee-voc", { inputSize: 64 }), GraphError, "ext1/fe2_2");
  assertThrows(() => buildModel("pelenet"), ModelError, "did you mean peleenet?");
});
