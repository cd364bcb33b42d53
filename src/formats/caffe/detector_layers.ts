/**
 * Caffe's layers of detectors (weiliu89/caffe, branch ssd, src/caffe/layers).
 *
 * @module
 */

import type { SsdPostprocessing } from "../../graph/model_info.ts";
import { elements, formatShape } from "../../tensor.ts";
import type { Message } from "./message.ts";
import { placePriors, type Priors } from "./prior_box.ts";
import type { Blob, Translator } from "./translator.ts";

/** Remembers priors under the name of their blob. What stands for them in the graph is a constant that no node takes. */
export function addPriors(
  t: Translator,
  top: string,
  priors: Priors,
): Blob {
  t.priors.set(top, priors);
  return { name: top, shape: [1, 2, priors.boxes.length], map: false };
}

/** Vectors of channels scaled to length 1, then by learned factors. */
export function normalize(layer: Message, inputs: readonly Blob[], t: Translator): readonly Blob[] {
  const name = layer.word("name"), param = layer.message("norm_param"), x = t.asMap(layer, inputs[0]);
  if (param.flag("across_spatial", true)) layer.fail("across_spatial is true", "false");
  const channels = x.shape[1], shared = param.flag("channel_shared", true);
  const [stored] = t.weights(layer, [shared ? 1 : channels]);
  const factors = shared ? new Float32Array(channels).fill(stored[0]) : stored;
  const unit = t.same("l2_normalize", `${name}.unit`, { epsilon: param.number("eps", 1e-10) }, x);
  return [t.same("mul", name, {}, unit, [t.constant(`${name}.0`, [channels], factors)])];
}

/** The boxes around each cell of a map. */
export function priorBox(layer: Message, [x]: readonly Blob[], t: Translator): readonly Blob[] {
  const param = layer.message("prior_box_param"), { picture } = t;
  if (x.shape.length !== 4) layer.fail(`it takes a blob of ${formatShape(x.shape)}`, "a map");
  const priors = placePriors(param, [x.shape[2], x.shape[3]], [picture[2], picture[3]]);
  return [addPriors(t, layer.word("top", layer.word("name")), priors)];
}

/** From (xmin, ymin, xmax, ymax) to (ymin, xmin, ymax, xmax). */
function rowsFirst(boxes: Float32Array): Float32Array {
  return boxes.map((_, i) => boxes[i ^ 1]);
}

/** Ends the network: its raw boxes and scores are outputs, the rest is the detector's. */
export function detectionOutput(
  layer: Message,
  [boxes, scores]: readonly Blob[],
  t: Translator,
): readonly Blob[] {
  const name = layer.word("name"),
    param = layer.message("detection_output_param"),
    suppression = param.message("nms_param");
  const priors = t.priors.get(t.inputs[2]) ??
    layer.fail("its third blob is none of priors", "a PriorBox's, or several");
  const classes = param.integer("num_classes", 0, 2), count = priors.boxes.length / 4;
  const code = param.word("code_type", "CORNER");
  if (code !== "CENTER_SIZE" && code !== "2") layer.fail(`code_type is ${code}`, "CENTER_SIZE");
  if (!param.flag("share_location", true)) layer.fail("share_location is false", "true");
  if (t.detection) layer.fail("it is the network's second", "one");
  const { activation, source: raw } = scores;
  if (!activation || !raw) layer.fail("its scores come from neither Softmax nor Sigmoid", "one of them");
  if (elements(boxes.shape) !== count * 4 || elements(raw.shape) !== count * classes) {
    layer.fail(
      `its boxes are ${formatShape(boxes.shape)}, its scores ${formatShape(raw.shape)}`,
      `${count} priors times 4, and times ${classes} classes`,
    );
  }
  const shaped = (blob: Blob, columns: number, suffix: string): Blob => {
    const shape = [1, count, columns], from = t.plain(blob);
    if (formatShape(from.shape) === formatShape(shape)) return from;
    return { name: t.emit("reshape", `${name}.${suffix}`, { shape }, [from.name]).name, shape, map: false };
  };
  const heads = [shaped(boxes, 4, "boxes"), shaped(raw, classes, "scores")];
  const scales = priors.variances.map((variance) =>
    param.flag("variance_encoded_in_target", false) ? 1 : 1 / variance
  );
  const [x, y, width, height] = scales, keep = param.number("keep_top_k", -1);
  const detection: SsdPostprocessing = {
    kind: "ssd",
    boxes: heads[0].name,
    scores: heads[1].name,
    order: "xywh",
    priors: t.constant(`${name}.priors`, [count, 4], rowsFirst(priors.boxes)),
    scales: [y, x, height, width],
    activation,
    background: param.integer("background_label_id", 0),
    threshold: param.number("confidence_threshold", 0.01),
    iou: suppression.number("nms_threshold", 0.3),
    maxDetections: keep > 0 ? keep : count,
  };
  t.detect(detection, [boxes, firstOf(raw), ...heads]);
  return [];
}

/** The blob that a chain of reshapes begins with. */
function firstOf(blob: Blob): Blob {
  let first = blob;
  while (first.source && !first.activation && !first.map) first = first.source;
  return first.map ? blob : first;
}
