import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { applyPreset, findPreset } from "../../models/presets.ts";
import { ModelError } from "../../src/errors.ts";
import { readDarknet } from "../../src/formats/darknet.ts";
import { checkInfo } from "../../src/graph/check_info.ts";
import type { Graph } from "../../src/graph/graph.ts";
import { graphOf } from "../support/compare.ts";
import { weightsFile } from "../support/darknet.ts";

/** A detector of `classes` classes whose head is a 1x1 convolution of zeros. */
function detector(classes: number): Graph {
  const filters = 5 + classes;
  return readDarknet(
    `[net]\nwidth=8\nheight=4\nchannels=3\n[convolutional]\nfilters=${filters}\nactivation=linear\n[yolo]\nclasses=${classes}\nanchors=2,3`,
    weightsFile([new Float32Array(filters), new Float32Array(3 * filters)]),
    { info: { name: "head" } },
  );
}

Deno.test("a preset keeps the postprocessing that the file tells, and names as many classes as it knows", () => {
  for (const [classes, labels] of [[20, 20], [3, undefined]]) {
    const graph = applyPreset(detector(classes!), "pelee");
    checkInfo(graph);
    assertEquals(graph.info.postprocessing, detector(classes!).info.postprocessing);
    assertEquals(graph.info.labels?.length, labels);
    assertEquals(graph.info.preprocessing, {
      input: "input",
      width: 8,
      height: 4,
      ...findPreset("pelee").preprocessing,
    });
  }
});

Deno.test("Darknet's presets choose between its letterbox and the stretching of its fork", () => {
  assertEquals(detector(1).info.preprocessing, applyPreset(detector(1), "darknet").info.preprocessing);
  assertEquals(applyPreset(detector(1), "darknet-stretch").info.preprocessing?.fit, "stretch");
});

Deno.test("where the file tells nothing, the output is scores: logits, or probabilities behind a softmax", () => {
  const plain = graphOf([[1, 1, 1, 3]], (builder, [x]) => builder.node("clip", "y", { lo: 0 }, [x]));
  assertEquals(applyPreset(plain, "unit").info.postprocessing, {
    kind: "softmax",
    scores: "y",
    logits: true,
  });
  const ended = graphOf(
    [[1, 1, 1, 3]],
    (builder, [x]) =>
      builder.node("reshape", "flat", { shape: [1, 3] }, [builder.node("softmax", "y", {}, [x])]),
  );
  assertEquals(applyPreset(ended, "unit").info.postprocessing, {
    kind: "softmax",
    scores: "flat",
    logits: false,
  });
});

Deno.test("unknown presets, and models that take no picture", () => {
  assertStringIncludes(assertThrows(() => findPreset("pele"), ModelError).message, "did you mean pelee?");
  const grey = graphOf([[1, 4, 4, 1]], (builder, [x]) => builder.node("clip", "y", { lo: 0 }, [x]));
  assertThrows(() => applyPreset(grey, "unit"), ModelError, 'the model takes "x0" 1x4x4x1');
});
