/**
 * Checks what a model file says about itself against its graph.
 *
 * @module
 */

import { ModelError } from "../errors.ts";
import { elements, formatShape, sameShape, type Shape } from "../tensor.ts";
import { check, type Graph } from "./graph.ts";
import type { Preprocessing, SsdPostprocessing } from "./model_info.ts";

function fail(what: string, found: unknown, wanted: string): never {
  throw new ModelError(`Cannot read model: ${what} is ${JSON.stringify(found)}, wanted ${wanted}`);
}

function checkNumbers(what: string, value: unknown, length: number): void {
  if (!Array.isArray(value) || value.length !== length || !value.every((v) => Number.isFinite(v))) {
    fail(what, value, `${length} finite numbers`);
  }
}

function checkPreprocessing(
  { input, width, height, resize, scale, offset }: Preprocessing,
  graph: Graph,
): void {
  const port = graph.inputs.find(({ name }) => name === input) ??
    fail("preprocessing.input", input, "a graph input");
  if (!sameShape(port.shape, [1, height, width, 3])) {
    fail("preprocessing size", [height, width], `the input's, which is ${formatShape(port.shape)}`);
  }
  if (resize !== "tf_bilinear") fail("preprocessing.resize", resize, '"tf_bilinear"');
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
  if (!(post.threshold >= 0 && post.threshold <= 1)) {
    fail("postprocessing.threshold", post.threshold, "0 to 1");
  }
  if (!(post.iou >= 0 && post.iou <= 1)) fail("postprocessing.iou", post.iou, "0 to 1");
  if (!Number.isInteger(post.maxDetections) || post.maxDetections < 1) {
    fail("postprocessing.maxDetections", post.maxDetections, "a positive integer");
  }
  checkLabels(graph, scores[2] - 1);
}

function checkLabels({ info: { labels } }: Graph, classes: number): void {
  if (labels === undefined) return;
  const legal = Array.isArray(labels) &&
    labels.every((label) =>
      label === null || (typeof label.name === "string" && Number.isInteger(label.categoryId))
    );
  if (!legal) fail("labels", labels, "a list of { name, categoryId } or null");
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
  else if (postprocessing?.kind === "softmax") {
    const scores = shapes.get(postprocessing.scores);
    if (!scores || !graph.outputs.includes(postprocessing.scores)) {
      fail("postprocessing.scores", postprocessing.scores, "a graph output");
    }
    checkLabels(graph, elements(scores));
  } else if (postprocessing !== undefined) {
    fail("postprocessing.kind", (postprocessing as { kind: unknown }).kind, '"ssd" or "softmax"');
  }
}
