/**
 * The two layouts of `torch.save`: a zip archive of a pickle and a file for each storage (since 1.6), and one pickle after the other, then the storages
 * (pytorch/pytorch, torch/serialization.py: _load, _legacy_load).
 *
 * @module
 */

import { ModelError } from "../../errors.ts";
import { findGlobal, StorageClass } from "./globals.ts";
import { Storage } from "./storage.ts";
import { type PickleHost, Unpickler } from "./unpickler.ts";
import { readDirectory, readEntries } from "./zip.ts";

/** First integer of legacy files. */
const LEGACY_MAGIC = 0x1950a86a20f9469cfc6cn;

/** Version of the legacy layout. */
const LEGACY_PROTOCOL = 1001;

/** How the magic number is pickled: LONG1 of 10 bytes. PROTO stands before it, from protocol 4 on a FRAME too. */
const LEGACY_HEAD = [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

/** A file taken apart. */
export interface Archive {
  /** What was saved. */
  readonly root: unknown;
  /** The bytes of those of its storages that are asked for. */
  readonly read: (storages: ReadonlySet<Storage>) => ReadonlyMap<Storage, Uint8Array>;
}

function fail(reason: string, cause?: unknown): never {
  throw new ModelError(`Cannot read PyTorch file: ${reason}`, "bad_model", { cause });
}

/** Whether bytes begin like a zip archive. */
export function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4;
}

/** Whether bytes begin with the magic number of legacy files. */
export function isLegacy(bytes: Uint8Array): boolean {
  const proto = bytes[0] === 0x80 ? 2 : 0, start = bytes[proto] === 0x95 ? proto + 9 : proto;
  return LEGACY_HEAD.every((byte, i) => bytes[start + i] === byte);
}

/** Runs a step on the archive itself; what is wrong with it becomes our error. */
function unzip<Result>(step: () => Result): Result {
  try {
    return step();
  } catch (cause) {
    return fail(`as a zip archive: ${cause instanceof Error ? cause.message : cause}`, cause);
  }
}

/** Reads persistent ids: `("storage", class, key, device, count, ...)`. */
function storageHost(storages: Map<string, Storage>): PickleHost {
  return {
    find: findGlobal,
    load(id) {
      const [kind, type, key, , count] = Array.isArray(id) ? id : [];
      if (kind !== "storage" || !(type instanceof StorageClass)) {
        throw new Error("a persistent id is no storage");
      }
      if (typeof key !== "string" || !Number.isSafeInteger(count) || count < 0) {
        throw new Error("a storage has no key or no number of values");
      }
      const known = storages.get(key);
      if (known && known.type === type.type && known.count === count) return known;
      if (known) throw new Error(`storage ${JSON.stringify(key)} is told twice, of other types or lengths`);
      const storage = new Storage(key, type.type, count);
      storages.set(key, storage);
      return storage;
    },
  };
}

/** Throws where an archive does not hold as many bytes as a storage is said to have. */
function checkLength({ key, type, count }: Storage, bytes: Uint8Array | undefined): Uint8Array {
  if (!bytes || bytes.length < count * type.size) {
    fail(
      `storage ${JSON.stringify(key)} of ${count} ${type.name} has ${bytes?.length ?? 0} bytes, wanted ${
        count * type.size
      }; fetch it again`,
    );
  }
  return bytes;
}

/**
 * Opens a zip archive.
 *
 * @throws {ModelError} If it is broken, or its pickle names what is not allowed.
 */
export function openZip(bytes: Uint8Array): Archive {
  const entries = unzip(() => readDirectory(bytes));
  const path = [...entries.keys()].find((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (path === undefined) fail("the zip archive holds no data.pkl, as torch.save writes it");
  const folder = path.slice(0, -"data.pkl".length), ordered = `${folder}byteorder`;
  const heads = [path, ordered].flatMap((name) => entries.get(name) ?? []);
  const head = unzip(() => readEntries(bytes, heads));
  const order = new TextDecoder().decode(head.get(ordered)?.subarray(0, 16));
  if (head.has(ordered) && order !== "little") {
    fail(`its byteorder is ${JSON.stringify(order)}, wanted "little"`);
  }
  const root = new Unpickler(head.get(path)!, storageHost(new Map()), "data.pkl").load();
  return {
    root,
    read(storages) {
      const names = new Map([...storages].map((storage) => [storage, `${folder}data/${storage.key}`]));
      const wanted = [...new Set(names.values())].flatMap((name) => entries.get(name) ?? []);
      const files = unzip(() => readEntries(bytes, wanted));
      return new Map([...names].map(([storage, name]) => [storage, checkLength(storage, files.get(name))]));
    },
  };
}

/**
 * Opens a file of the legacy layout: magic number, protocol, machine, object, keys of storages, then for each its count (i64) and values.
 *
 * @throws {ModelError} If it is broken, or its pickle names what is not allowed.
 */
export function openLegacy(bytes: Uint8Array): Archive {
  const storages = new Map<string, Storage>();
  const unpickler = new Unpickler(bytes, storageHost(storages), "the file");
  if (unpickler.load() !== LEGACY_MAGIC) fail("it does not begin with PyTorch's magic number");
  const protocol = unpickler.load();
  if (protocol !== LEGACY_PROTOCOL) fail(`its protocol is ${protocol}, wanted ${LEGACY_PROTOCOL}`);
  const machine = unpickler.load();
  if (!(machine instanceof Map) || machine.get("little_endian") !== true) {
    fail("it comes from a big-endian machine, wanted a little-endian one's");
  }
  const root = unpickler.load();
  const keys = unpickler.load();
  if (!Array.isArray(keys)) fail("its keys of storages are no list");
  const found = new Map<Storage, Uint8Array>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = unpickler.position;
  for (const key of keys) {
    const storage = storages.get(key) ??
      fail(`it holds a storage ${JSON.stringify(key)} that nothing looks at`);
    if (at + 8 > bytes.length) fail(`it ends before storage ${JSON.stringify(key)}; fetch it again`);
    const count = Number(view.getBigInt64(at, true));
    if (count !== storage.count) {
      fail(`storage ${JSON.stringify(key)} holds ${count} values, its tensors say ${storage.count}`);
    }
    found.set(storage, checkLength(storage, bytes.subarray(at + 8, at + 8 + count * storage.type.size)));
    at += 8 + count * storage.type.size;
  }
  return {
    root,
    read: (wanted) =>
      new Map([...wanted].map((storage) => [
        storage,
        found.get(storage) ?? fail(`storage ${JSON.stringify(storage.key)} is not in the file`),
      ])),
  };
}
