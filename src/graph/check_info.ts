/**
 * Checks what a model file says about itself against its graph.
 *
 * @module
 */

import { ModelError } from "../errors.ts";
import { elements, formatShape, sameShape, type Shape } from "../tensor.ts";
import { check, type Graph, rgbaInputs } from "./graph.ts";
import type {
  DetectorPostprocessing,
  Label,
  Preprocessing,
  SsdPostprocessing,
  YoloPostprocessing,
  YoloxPostprocessing,
} from "./model_info.ts";

/** Most of a value that a message shows. */
const MAX_SHOWN = 200;

function fail(what: string, found: unknown, wanted: string): never {
  const text = `${JSON.stringify(found)}`;
  const shown = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}...` : text;
  throw new ModelError(`Cannot read model: ${what} is ${shown}, wanted ${wanted}`);
}

function checkNumbers(what: string, value: unknown, length: number): void {
  if (!Array.isArray(value) || value.length !== length || !value.every((v) => Number.isFinite(v))) {
    fail(what, value, `${length} finite numbers`);
  }
}

function checkChoice(what: string, value: unknown, choices: readonly unknown[]): void {
  if (!choices.includes(value)) {
    fail(
      what,
      value,
      choices.filter((choice) => choice !== undefined).join(", "),
    );
  }
}

function checkPreprocessing(spec: Preprocessing, graph: Graph): void {
  const { input, width, height, scale, offset, cropFrom = 1, pad = 0 } = spec;
  const port = graph.inputs.find(({ name }) => name === input) ??
    fail("preprocessing.input", input, "a graph input");
  const values = rgbaInputs(graph).has(input) ? 1 : 3;
  if (!sameShape(port.shape, [1, height, width, values])) {
    fail("preprocessing size", [height, width], `the input's, which is ${formatShape(port.shape)}`);
  }
  checkChoice("preprocessing.resize", spec.resize, ["tf_bilinear", "half_pixel", "opencv", "align_corners"]);
  checkChoice("preprocessing.fit", spec.fit, [
    undefined,
    "stretch",
    "letterbox",
    "letterbox_top_left",
    "crop",
  ]);
  checkChoice("preprocessing.antialias", spec.antialias, [undefined, true, false]);
  checkChoice("preprocessing.channels", spec.channels, [undefined, "rgb", "bgr"]);
  if (!(Number.isInteger(cropFrom) && cropFrom >= 1 && cropFrom <= 2 ** 16)) {
    fail("preprocessing.cropFrom", cropFrom, "a number of pixels");
  }
  if (!(pad >= 0 && pad <= 255)) fail("preprocessing.pad", pad, "0 to 255");
  checkNumbers("preprocessing.scale", scale, 3);
  checkNumbers("preprocessing.offset", offset, 3);
}

function checkSsd(post: SsdPostprocessing, graph: Graph, shapes: ReadonlyMap<string, Shape>): void {
  const output = (field: "boxes" | "scores") => {
    const name = post[field];
    if (!graph.outputs.includes(name)) fail(`postprocessing.${field}`, name, "a graph output");
    return shapes.get(name)!;
  };
  const boxes = output("boxes"), scores = output("scores");
  const priors = graph.constants.get(post.priors) ?? fail("postprocessing.priors", post.priors, "a constant");
  const count = priors.shape[0];
  if (!sameShape(priors.shape, [count, 4]) || !sameShape(boxes, [1, count, 4])) {
    fail("boxes output", boxes, `1x${count}x4 to go with priors of ${formatShape(priors.shape)}`);
  }
  if (scores.length !== 3 || scores[0] !== 1 || scores[1] !== count) {
    fail("scores output", scores, `1x${count} by the number of classes`);
  }
  checkChoice("postprocessing.order", post.order, [undefined, "yxhw", "xywh"]);
  checkNumbers("postprocessing.scales", post.scales, 4);
  if (!post.scales.every((scale) => scale > 0)) {
    fail("postprocessing.scales", post.scales, "positive numbers");
  }
  if (!["sigmoid", "softmax"].includes(post.activation)) {
    fail("postprocessing.activation", post.activation, '"sigmoid" or "softmax"');
  }
  if (!Number.isInteger(post.background) || post.background < 0 || post.background >= scores[2]) {
    fail("postprocessing.background", post.background, `a class from 0 to ${scores[2] - 1}`);
  }
  if (post.candidates !== undefined && !(Number.isInteger(post.candidates) && post.candidates > 0)) {
    fail("postprocessing.candidates", post.candidates, "a positive integer");
  }
  checkThresholds(post);
  checkLabels(graph, scores[2] - 1);
}

function checkThresholds(post: DetectorPostprocessing): void {
  if (!(post.threshold >= 0 && post.threshold <= 1)) {
    fail("postprocessing.threshold", post.threshold, "0 to 1");
  }
  if (!(post.iou >= 0 && post.iou <= 1)) fail("postprocessing.iou", post.iou, "0 to 1");
  if (!Number.isInteger(post.maxDetections) || post.maxDetections < 1) {
    fail("postprocessing.maxDetections", post.maxDetections, "a positive integer");
  }
}

function checkYolo(post: YoloPostprocessing, graph: Graph, shapes: ReadonlyMap<string, Shape>): void {
  if (!Array.isArray(post.heads) || post.heads.length === 0) {
    fail("postprocessing.heads", post.heads, "at least one");
  }
  const classes = post.heads.map((head: YoloPostprocessing["heads"][number] | null) => {
    const { output, anchors, scaleXY, activated } = head ?? fail("postprocessing.heads", post.heads, "heads");
    if (!graph.outputs.includes(output)) fail("postprocessing.heads.output", output, "a graph output");
    const shape = shapes.get(output)!;
    if (!Array.isArray(anchors) || anchors.length === 0) {
      fail("postprocessing.heads.anchors", anchors, "at least one");
    }
    for (const anchor of anchors) checkNumbers("postprocessing.heads.anchors", anchor, 2);
    if (!(scaleXY >= 1 && scaleXY <= 4)) fail("postprocessing.heads.scaleXY", scaleXY, "1 to 4");
    checkChoice("postprocessing.heads.activated", activated, [undefined, true, false]);
    const columns = shape.length === 4 && shape[0] === 1 ? shape[3] / anchors.length : 0;
    if (!Number.isInteger(columns) || columns < 6) {
      fail(`output "${output}"`, shape, `1 x h x w x (5 + classes) for each of ${anchors.length} anchors`);
    }
    return columns - 5;
  });
  if (classes.some((count) => count !== classes[0])) {
    fail("postprocessing.heads", classes, "the same number of classes");
  }
  checkThresholds(post);
  checkLabels(graph, classes[0]);
}

function checkYolox(post: YoloxPostprocessing, graph: Graph, shapes: ReadonlyMap<string, Shape>): void {
  if (!graph.outputs.includes(post.output)) fail("postprocessing.output", post.output, "a graph output");
  const shape = shapes.get(post.output)!, { width = 0, height = 0 } = graph.info.preprocessing ?? {};
  const strides: unknown[] = Array.isArray(post.strides) ? post.strides : [];
  if (strides.length === 0 || !strides.every((s) => Number.isInteger(s) && Number(s) > 0)) {
    fail("postprocessing.strides", post.strides, "positive integers");
  }
  const cells = post.strides.reduce((sum, s) => sum + Math.floor(width / s) * Math.floor(height / s), 0);
  if (shape.length !== 3 || shape[0] !== 1 || shape[1] !== cells || shape[2] < 6) {
    fail(`output "${post.output}"`, shape, `1x${cells} by 5 + classes`);
  }
  checkThresholds(post);
  checkLabels(graph, shape[2] - 5);
}

function checkLabels({ info: { labels } }: Graph, classes: number): void {
  if (labels === undefined) return;
  if (!Array.isArray(labels)) fail("labels", labels, "a list");
  labels.forEach((label: Partial<Label> | null | undefined, i) => {
    if (label === null || (typeof label?.name === "string" && Number.isInteger(label.categoryId))) return;
    fail(`label ${i}`, label, "{ name, categoryId } or null");
  });
  if (labels.length !== classes) fail("number of labels", labels.length, `${classes}, the network's classes`);
}

/**
 * Checks pre- and postprocessing and labels against the graph they describe.
 *
 * @throws {ModelError} If they do not fit it.
 * @throws {GraphError} If the graph itself is not legal.
 */
export function checkInfo(graph: Graph): void {
  const shapes = check(graph);
  const { name, preprocessing, postprocessing } = graph.info;
  if (typeof name !== "string" || name === "") fail("name", name, "a name");
  if (preprocessing) checkPreprocessing(preprocessing, graph);
  if (postprocessing?.kind === "ssd") checkSsd(postprocessing, graph, shapes);
  else if (postprocessing?.kind === "yolo") checkYolo(postprocessing, graph, shapes);
  else if (postprocessing?.kind === "yolox") checkYolox(postprocessing, graph, shapes);
  else if (postprocessing?.kind === "softmax") {
    const scores = shapes.get(postprocessing.scores);
    if (!scores || !graph.outputs.includes(postprocessing.scores)) {
      fail("postprocessing.scores", postprocessing.scores, "a graph output");
    }
    checkLabels(graph, elements(scores));
  } else if (postprocessing !== undefined) {
    fail(
      "postprocessing.kind",
      (postprocessing as { kind: unknown } | null)?.kind,
      "ssd, yolo, yolox or softmax",
    );
  }
}
