/** What is written is what ONNX Runtime computes the same with. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { writeOnnx } from "../../../bench/peers/onnx_file.ts";
import { onnxruntimeNode } from "../../../bench/peers/onnxruntime.ts";
import { noise } from "../../../bench/support/noise.ts";
import { GraphBuilder, Session } from "../../../mod.ts";
import { OptionError } from "../../../src/errors.ts";
import type { Graph } from "../../../src/graph/graph.ts";
import { errorOf } from "../../support/compare.ts";

const window = { strides: [1, 1], dilations: [1, 1], padding: [0, 0, 0, 0], groups: 1 } as const;

/** Two heads as detectors have them: maps turned into rows of anchors and joined, with factors of each channel before. */
function heads(nchw: readonly string[]): Graph {
  const builder = new GraphBuilder();
  const x = builder.input("x", [1, 5, 3, 4]);
  const weight = builder.constant(
    "w",
    [1, 1, 4, 8],
    Float32Array.from({ length: 32 }, (_, i) => Math.sin(i)),
  );
  const factor = builder.constant("f", [8], Float32Array.from({ length: 8 }, (_, i) => i - 2));
  const map = builder.node("conv2d", "map", window, [x, weight]);
  const scaled = builder.node("mul", "scaled", {}, [map, factor]);
  const shifted = builder.node("add", "shifted", {}, [scaled, factor]);
  const anchors = builder.node("reshape", "anchors", { shape: [1, 30, 1, 4] }, [map]);
  const others = builder.node("reshape", "others", { shape: [1, 30, 1, 4] }, [shifted]);
  const joined = builder.node("concat", "joined", { axis: 1 }, [anchors, others]);
  const boxes = builder.node("reshape", "boxes", { shape: [1, 60, 4] }, [joined]);
  const wide = builder.node("concat", "wide", { axis: 3 }, [map, shifted]);
  const scores = builder.node("reshape", "scores", { shape: [1, 60, 4] }, [wide]);
  return builder.build({ name: "heads" }, [boxes, scores], nchw);
}

for (const nchw of [[], ["x"]]) {
  Deno.test(`heads on a picture of ${nchw.length ? "channels" : "pixels"} are the same in ONNX Runtime`, async () => {
    const graph = heads(nchw);
    using session = await Session.create(graph);
    const inputs = noise(session.inputs);
    const found = await (await onnxruntimeNode(writeOnnx(graph), inputs.x))();
    const wanted = Object.values(session.runSync(inputs));
    assertEquals(found.length, 2);
    wanted.forEach(({ data }, i) => assert(errorOf(found[i], data) <= 1e-6));
  });
}

Deno.test("writeOnnx() refuses an operator that it has no name for", () => {
  const builder = new GraphBuilder();
  const x = builder.input("x", [1, 2, 2, 4]);
  const y = builder.node("softmax", "y", {}, [x]);
  assertThrows(
    () => writeOnnx(builder.build({ name: "none" }, [y])),
    OptionError,
    "softmax",
  );
});
