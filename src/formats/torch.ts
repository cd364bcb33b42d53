/**
 * Reads the weights that `torch.save` writes: `.pth`, `.pt`, `.pth.tar`. Nothing of the file is executed.
 *
 * @module
 */

import { ModelError } from "../errors.ts";
import { elements, type Tensor } from "../tensor.ts";
import { type StateDict, stripWrappers } from "./state_dict.ts";
import { type Archive, isLegacy, isZip, openLegacy, openZip } from "./torch/archive.ts";
import { checkView, materialize, type Storage, TensorView } from "./torch/storage.ts";

/** What training loops call the weights in their checkpoints, likeliest first. */
const WRAPPERS = [
  "state_dict",
  "model",
  "model_state_dict",
  "model_state",
  "state_dict_ema",
  "model_ema",
  "ema",
  "net",
  "network",
  "weights",
  "params",
  "params_ema",
  "state",
];

/** How deep a checkpoint may wrap its weights. */
const MAX_DEPTH = 4;

/** How many values the tensors may hold for each byte of the file: views may share a storage. */
const MAX_VALUES_PER_BYTE = 16;

/** Whether bytes begin like a file of `torch.save`: a zip archive, or its magic number. */
export function isTorch(bytes: Uint8Array): boolean {
  return isZip(bytes) || isLegacy(bytes);
}

/** The tensors of a dictionary, by key. */
function tensorsOf(dict: ReadonlyMap<unknown, unknown>): Map<string, TensorView> {
  const tensors = new Map<string, TensorView>();
  for (const [key, value] of dict) {
    if (typeof key === "string" && value instanceof TensorView) tensors.set(key, value);
  }
  return tensors;
}

/** The weights of a checkpoint: what the wrapper of a known name holds, else the tensors beside it. */
function findTensors(root: unknown, depth = 0): Map<string, TensorView> {
  if (!(root instanceof Map) || depth > MAX_DEPTH) return new Map();
  for (const name of WRAPPERS) {
    const found = findTensors(root.get(name), depth + 1);
    if (found.size > 0) return found;
  }
  return tensorsOf(root);
}

function open(bytes: Uint8Array): Archive {
  if (isZip(bytes)) return openZip(bytes);
  if (isLegacy(bytes)) return openLegacy(bytes);
  throw new ModelError(
    "Cannot read PyTorch file: it begins neither like a zip archive nor with PyTorch's magic number, wanted what torch.save writes",
  );
}

/**
 * Reads a state dict: of a bare one, or of a checkpoint that holds one as `state_dict`, `model` and the like. Keys lose the `module.` of `DataParallel`; values
 * of any type become f32.
 *
 * @throws {ModelError} If the file is broken, names what is not allowed, or holds no tensors.
 */
export function readStateDict(bytes: Uint8Array): StateDict {
  const { root, read } = open(bytes);
  const views = stripWrappers(findTensors(root));
  if (views.size === 0) {
    throw new ModelError(
      `Cannot read PyTorch file: it holds no tensors by name, wanted a state dict, bare or as one of ${
        WRAPPERS.join(", ")
      }`,
    );
  }
  const shapes = new Map([...views].map(([key, view]) => [key, checkView(key, view)]));
  const values = [...shapes.values()].reduce((sum, shape) => sum + elements(shape), 0);
  if (values > bytes.length * MAX_VALUES_PER_BYTE) {
    throw new ModelError(
      `Cannot read PyTorch file: its tensors hold ${values} values, too many for a file of ${bytes.length} bytes`,
    );
  }
  const contents = read(new Set([...views.values()].map(({ storage }): Storage => storage)));
  const state = new Map<string, Tensor>();
  for (const [key, view] of views) {
    state.set(key, materialize(view, shapes.get(key)!, contents.get(view.storage)!));
  }
  return state;
}
