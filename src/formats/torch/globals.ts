/**
 * What a PyTorch checkpoint may name, and what we make of it. Everything else is refused.
 *
 * @module
 */

import { type Callable, type Dict, Opaque } from "./unpickler.ts";
import { Storage, storageTypes, TensorView } from "./storage.ts";

/** The class of a storage: an argument of persistent ids, never called. */
export class StorageClass implements Callable {
  readonly name: string;
  readonly type: (typeof storageTypes)[string];

  /** The class of this name in `storageTypes`. */
  constructor(name: string) {
    this.name = name;
    this.type = storageTypes[name];
  }

  /** Refuses: storages come from the archive. */
  call(): never {
    throw new Error("a storage is not made by a call");
  }
}

function rebuildTensor([storage, offset, shape, strides]: readonly unknown[]): TensorView {
  if (!(storage instanceof Storage)) throw new Error("its first argument is no storage");
  return new TensorView(storage, offset, shape, strides);
}

function rebuildParameter([tensor]: readonly unknown[]): TensorView {
  if (!(tensor instanceof TensorView)) throw new Error("its first argument is no tensor");
  return tensor;
}

/** A dictionary of nothing, of another's items, or of a list of pairs. */
function makeDict([items = []]: readonly unknown[]): Dict {
  if (items instanceof Map) return items;
  if (!Array.isArray(items)) throw new Error("its argument is no list of pairs");
  return new Map(items.map((pair) => {
    if (!Array.isArray(pair) || pair.length !== 2) throw new Error("its argument is no list of pairs");
    return [pair[0], pair[1]];
  }));
}

const opaque = (): Opaque => new Opaque();

/** Functions and classes by `module.name`: tensors and dictionaries, then what optimisers, schedulers and training loops leave in a checkpoint. */
const callables: Readonly<Record<string, Callable["call"]>> = {
  "torch._utils._rebuild_tensor": rebuildTensor,
  "torch._utils._rebuild_tensor_v2": rebuildTensor,
  "torch._utils._rebuild_parameter": rebuildParameter,
  "torch._utils._rebuild_parameter_with_state": rebuildParameter,
  "collections.OrderedDict": makeDict,
  "collections.defaultdict": () => new Map(),
  "collections.Counter": opaque,
  "torch.Size": ([extents]) => extents,
  "torch.device": opaque,
  "numpy._core.multiarray._reconstruct": opaque,
  "numpy.core.multiarray._reconstruct": opaque,
  "numpy.ndarray": opaque,
  "_codecs.encode": opaque,
  "numpy.dtype": opaque,
  "numpy.core.multiarray.scalar": opaque,
  "numpy._core.multiarray.scalar": opaque,
  "argparse.Namespace": opaque,
};

/** Types of Python's own that optimisers leave; `__builtin__` in pickles of protocol 2. */
const BUILTINS = /^(set|frozenset|dict|list|tuple|int|long|float|complex|bool|str|bytearray)$/;

/** Types of values that `torch.float32` and the like name. */
const DATA_TYPES =
  /^(float(16|32|64)?|half|double|bfloat16|u?int(8|16|32|64)|long|int|short|bool|strided|contiguous_format|channels_last)$/;

/** A global of the allow-list, or `undefined`. */
export function findGlobal(module: string, name: string): Callable | undefined {
  const storages = module === "torch" || module === "torch.cuda" || module === "torch.storage";
  if (storages && Object.hasOwn(storageTypes, name)) return new StorageClass(name);
  const path = `${module}.${name}`;
  if (Object.hasOwn(callables, path)) return { name: path, call: callables[path] };
  if (module === "torch" && DATA_TYPES.test(name)) return { name: path, call: opaque };
  if ((module === "builtins" || module === "__builtin__") && BUILTINS.test(name)) {
    return { name: path, call: opaque };
  }
  return undefined;
}
