/** Detectors of the zoo against raw heads, boxes and detections of their upstreams for the same invented weights and input; every 29th value of each. */
import { assert, assertEquals } from "@std/assert";
import { Session } from "../../mod.ts";
import { buildModel, sizeOf } from "../../models/build.ts";
import { nms } from "../../src/detection/nms.ts";
import { decodeBox, decodeSsd } from "../../src/detection/ssd.ts";
import { parseSafetensors } from "../../src/formats/safetensors.ts";
import type { SsdPostprocessing } from "../../src/graph/model_info.ts";
import { errorOf } from "../support/compare.ts";
import { fixture } from "../support/fixtures.ts";
import { hashedInput, hashedWeights } from "../support/hash.ts";
import { iou } from "../support/suppress.ts";

interface Golden {
  readonly network: string;
  readonly size: number;
  readonly gain: number;
  readonly parameters: number;
  readonly macs: number;
  readonly threshold?: number;
}

const goldens: Golden[] = JSON.parse(new TextDecoder().decode(await fixture("golden/detectors.json")));
const { tensors } = parseSafetensors(await fixture("golden/detectors.safetensors"));

/** Every 29th value from the fifth on. */
const strided = (data: Float32Array) => data.filter((_, i) => i % 29 === 5);

for (const { network, size, gain, parameters, macs, threshold } of goldens) {
  Deno.test(`${network} gives its upstream's boxes`, async () => {
    assertEquals(sizeOf(network), { parameters, macs });
    const graph = buildModel(network, { weights: hashedWeights(gain) });
    const post = graph.info.postprocessing as SsdPostprocessing;
    using session = await Session.create(graph);
    const outputs = await session.run({ input: hashedInput([1, 3, size, size]) });
    const priors = graph.constants.get("priors")!.data;
    const heads = { boxes: outputs.boxes.data, scores: outputs.scores.data, priors };
    const close = (what: string, actual: Float32Array, tolerance: number) => {
      const error = errorOf(strided(actual), tensors.get(`${network}/${what}`)!.data);
      assert(error <= tolerance, `${what} of ${network} are off by ${error} of their range`);
    };
    close("loc", heads.boxes, 2e-5);
    close("conf", heads.scores, 2e-5);
    const boxes = Float32Array.from(priors, (_, i) => decodeBox(heads, i >> 2, post)[i & 3]);
    close("boxes", boxes, 5e-5);
    if (tensors.has(`${network}/priors`)) close("priors", priors.map((_, i) => priors[i ^ 1]), 1e-6);
    const wanted = tensors.get(`${network}/detections`);
    if (!wanted || threshold === undefined) return;
    const found = nms(decodeSsd(heads, post, threshold, () => true), post.iou, false, session);
    assertEquals(found.length, wanted.shape[0]);
    for (let row = 0; row < wanted.shape[0]; row++) {
      const [label, score, xmin, ymin, xmax, ymax] = wanted.data.subarray(row * 6, row * 6 + 6);
      const twin = found.find((box) =>
        box.label === label && Math.abs(box.score - score) <= 1e-3 &&
        iou(box.box, [xmin, ymin, xmax, ymax]) >= 0.99
      );
      assert(twin, `${network}: no detection like ${[label, score, xmin, ymin, xmax, ymax]}`);
    }
  });
}
