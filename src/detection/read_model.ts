/**
 * Reads a model of any known format: the readers know files, the zoo knows the networks of files that hold weights alone.
 *
 * @module
 */

import { isCompiled } from "../compiler/program_file.ts";
import { ModelError } from "../errors.ts";
import type { ReadOptions } from "../formats/fetch.ts";
import { readFile } from "../formats/read.ts";
import { isStateDict, type StateDict } from "../formats/state_dict.ts";
import type { Graph } from "../graph/graph.ts";

/**
 * Reads a model: our `.safetensors`, an ONNX file, a TensorFlow.js `model.json`, Darknet's `.cfg` or Caffe's `.prototxt` (by URL, what belongs to them beside them), or
 * weights alone, PyTorch's `.pth` and `.pt` or `.safetensors` of others. The network of these is recognised by their names and shapes, and built by the zoo.
 *
 * ```ts
 * import { readModel } from "./mod.ts";
 *
 * export const graph = () => readModel(new URL("https://example.com/street.safetensors"));
 * ```
 *
 * @throws {ModelError} If the file is broken, of no known format, holds the weights of no known network, or settles another size than the one asked for.
 * @throws {GraphError} If its graph is not legal.
 */
export async function readModel(
  source: Uint8Array | URL | string,
  options: ReadOptions = {},
): Promise<Graph> {
  if (source instanceof Uint8Array && isCompiled(source)) {
    throw new ModelError(
      "Cannot read model: it is a compiled program, which holds no graph; use the model that it was compiled from",
    );
  }
  const model = await readFile(source, options);
  if (!isStateDict(model)) return checkSize(model, options);
  const { buildRecognised } = await import("../../models/recognise.ts");
  return buildRecognised(model, options);
}

/** Refuses a size that is not the input's: formats that settle it are read as they are. */
function checkSize(graph: Graph, { inputSize }: ReadOptions): Graph {
  if (!inputSize) return graph;
  const [height, width] = inputSize;
  for (const { name, shape } of graph.inputs) {
    if (shape.length === 4 && (shape[1] !== height || shape[2] !== width)) {
      throw new ModelError(
        `Cannot read model at ${width}x${height}: the file settles its input "${name}", ${shape[2]}x${
          shape[1]
        }`,
      );
    }
  }
  return graph;
}

/**
 * Reads the weights that `torch.save` writes, `.pth`, `.pt`, `.pth.tar`: of a bare state dict, or of a checkpoint that holds one as `state_dict`, `model` and
 * the like. Keys lose the `module.` of `DataParallel`; values of any type become f32. Nothing of the file is executed.
 *
 * ```ts
 * import { readStateDict } from "./mod.ts";
 *
 * export const shapes = async (pth: Uint8Array) => [...await readStateDict(pth)].map(([key, { shape }]) => `${key} ${shape}`);
 * ```
 *
 * @throws {ModelError} If the file is broken, names what is not allowed, or holds no tensors.
 */
export async function readStateDict(bytes: Uint8Array): Promise<StateDict> {
  return (await import("../formats/torch.ts")).readStateDict(bytes);
}
